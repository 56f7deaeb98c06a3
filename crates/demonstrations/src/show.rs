//! One demonstration as text for people.

use crate::{DemoStep, Demonstration, Explanation, GroundingStatus};
use mdp::{ExitReason, StepEnd};
use std::fmt::Write as _;

/// The widest line of a thought, a plan or a lesson, in characters.
const WIDTH: usize = 100;

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

/// Writing into a string cannot fail, so the results are dropped here and above.
fn show_step(number: usize, step: &DemoStep, text: &mut String) {
    if let Some(thought) = &step.thought {
        wrapped(&format!("{number:>3}  thought: "), thought, text);
    }
    let explanation = step.explanation.as_deref();
    if let Some(explanation) = explanation {
        show_before(explanation, text);
    }
    let _ = write!(text, "{number:>3}  {}", step.title);
    if step.requested_title != step.title && !step.requested_title.is_empty() {
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
    let _ = write!(text, "  reward {:.1}", step.step.reward);
    if let Some(observed) = step.observed_reward {
        let _ = write!(text, " (recorded {observed:.1})");
    }
    if let Some(value) = step.critic_value {
        let _ = write!(text, " (critic {value:.1})");
    }
    text.push('\n');
    if let Some(explanation) = explanation {
        show_numbers(explanation, text);
    }
}

/// What led to the choice.
fn show_before(explanation: &Explanation, text: &mut String) {
    if let Some(plan) = &explanation.plan {
        wrapped("     plan: ", plan, text);
    }
    let lists = [
        ("     went well before: ", &explanation.encouraged),
        ("     went badly before: ", &explanation.discouraged),
        ("     asked in vain for: ", &explanation.refused),
    ];
    for (label, titles) in lists.into_iter().filter(|(_, titles)| !titles.is_empty()) {
        wrapped(label, &titles.join(" · "), text);
    }
}

/// What was computed about the step.
fn show_numbers(explanation: &Explanation, text: &mut String) {
    let mut parts = Vec::new();
    if let Some(advantage) = explanation.advantage {
        parts.push(format!("advantage {advantage:+.1}"));
    }
    if let Some(log_prob) = explanation.log_prob {
        parts.push(format!("log p {log_prob:.2}"));
    }
    if let Some(lift) = explanation.lift {
        parts.push(format!("raised by the history {lift:+.2}"));
    }
    if !parts.is_empty() {
        wrapped("     ", &parts.join(" · "), text);
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
