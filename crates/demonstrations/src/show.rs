//! One demonstration as text for people.

use crate::{DemoStep, Demonstration, Explanation, GroundingStatus};
use mdp::{ExitReason, StepEnd};
use std::fmt::Write as _;

/// The widest line of a thought, a plan or a lesson, in characters.
const WIDTH: usize = 100;
/// What stands before the lines of a step but its first.
const MARGIN: &str = "     ";

/// Renders a demonstration: what the expert knew and was reminded of, then per step what it thought, meant to do,
/// named and got, then why the session ended and what was learned.
pub fn show(demonstration: &Demonstration) -> String {
    let mut text = format!("{}  user {}\n", demonstration.id, demonstration.user_id);
    if demonstration.history_titles.is_empty() {
        text.push_str("history: none\n");
    } else {
        let _ = writeln!(text, "history: {}", demonstration.history_titles.join(" · "));
    }
    for lesson in &demonstration.reminded_of {
        wrapped("reminded of: ", lesson, &mut text);
    }
    for (at, step) in demonstration.steps.iter().enumerate() {
        show_step(at + 1, step, &mut text);
    }
    if let Some(last) = demonstration.steps.last() {
        let (n_steps, total) = (demonstration.steps.len(), demonstration.return_raw());
        let _ = writeln!(text, "{n_steps} steps, return {total:.1}: {}", why(last.step.end));
    }
    if let Some(lesson) = &demonstration.lesson {
        wrapped("lesson: ", lesson, &mut text);
    }
    text
}

/// A text behind a label, its further lines under its first.
fn wrapped(label: &str, said: &str, text: &mut String) {
    let indent = label.chars().count();
    let mut column = indent;
    text.push_str(label);
    for (at, word) in said.split_whitespace().enumerate() {
        let length = word.chars().count();
        if at > 0 && column + 1 + length > WIDTH {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if at > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
}

/// One step: what led to the choice, the choice, what came of it. The number stands on the first line. Writing into
/// a string cannot fail, so the results are dropped here and above.
fn show_step(number: usize, step: &DemoStep, text: &mut String) {
    let before = said_before(step);
    for (at, (label, said)) in before.iter().enumerate() {
        let margin = if at == 0 { format!("{number:>3}  ") } else { MARGIN.to_owned() };
        wrapped(&format!("{margin}{label}: "), said, text);
    }
    match before.is_empty() {
        true => {
            let _ = write!(text, "{number:>3}  {}", step.title);
        }
        false => {
            let _ = write!(text, "{MARGIN}→ {}", step.title);
        }
    }
    if step.requested_title != step.title && !step.requested_title.is_empty() {
        show_request(step, text);
    }
    let _ = write!(text, "  reward {:.1}", step.step.reward);
    if let Some(observed) = step.observed_reward {
        let _ = write!(text, " (recorded {observed:.1})");
    }
    if let Some(value) = step.critic_value {
        let _ = write!(text, " (critic {value:.1})");
    }
    text.push('\n');
    if let Some(explanation) = &step.explanation {
        show_numbers(explanation, text);
    }
}

fn show_request(step: &DemoStep, text: &mut String) {
    let _ = write!(text, "  [asked for `{}`", step.requested_title);
    match (&step.replacement, step.grounding.status) {
        (Some(_), _) => text.push_str(", replaced by the source"),
        (None, GroundingStatus::Exact | GroundingStatus::Normalised) => {}
        (None, _) => {
            let _ = write!(text, ", distance {:.2}", step.grounding.distance);
        }
    }
    text.push(']');
}

/// What led to the choice, labelled.
fn said_before(step: &DemoStep) -> Vec<(&'static str, String)> {
    let explanation = step.explanation.as_deref().cloned().unwrap_or_default();
    let joined = |titles: Vec<String>| (!titles.is_empty()).then(|| titles.join(" · "));
    let said = [
        ("thought", step.thought.clone()),
        ("plan", explanation.plan),
        ("went well before", joined(explanation.encouraged)),
        ("went badly before", joined(explanation.discouraged)),
        ("asked in vain for", joined(explanation.refused)),
    ];
    said.into_iter().filter_map(|(label, said)| Some((label, said?))).collect()
}

/// What was computed about the step.
fn show_numbers(explanation: &Explanation, text: &mut String) {
    let parts = [
        explanation.advantage.map(|advantage| format!("advantage {advantage:+.1}")),
        explanation.log_prob.map(|log_prob| format!("log p {log_prob:.2}")),
        explanation.lift.map(|lift| format!("raised by the history {lift:+.2}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if !parts.is_empty() {
        wrapped(&format!("{MARGIN}  "), &parts.join(" · "), text);
    }
}

fn why(end: StepEnd) -> &'static str {
    match end {
        StepEnd::Continues => "not over",
        StepEnd::Truncated => "no more was shown",
        StepEnd::Terminated(ExitReason::LowReward) => "the user left, the item was not liked",
        StepEnd::Terminated(ExitReason::Distance) => "the user left, too near to a recent item",
        StepEnd::Terminated(ExitReason::Category) => "the user left, too much of one category",
        StepEnd::Terminated(ExitReason::Similarity) => "the user left, too much of the same",
        StepEnd::Terminated(ExitReason::Repeat) => "the user left, it had been shown before",
    }
}
