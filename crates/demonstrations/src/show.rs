//! One demonstration as text for people.

use crate::{DemoStep, Demonstration, GroundingStatus};
use mdp::{ExitReason, StepEnd};
use std::fmt::Write as _;

/// Renders a demonstration: what the expert knew, then per step what it thought, named and got, then why the
/// session ended.
pub fn show(demonstration: &Demonstration) -> String {
    let mut text = format!("{}  user {}\n", demonstration.id, demonstration.user_id);
    if demonstration.history_titles.is_empty() {
        text.push_str("history: none\n");
    } else {
        let _ = writeln!(text, "history: {}", demonstration.history_titles.join(" · "));
    }
    for (at, step) in demonstration.steps.iter().enumerate() {
        show_step(at + 1, step, &mut text);
    }
    if let Some(last) = demonstration.steps.last() {
        let (n_steps, total) = (demonstration.steps.len(), demonstration.return_raw());
        let _ = writeln!(text, "{n_steps} steps, return {total:.1}: {}", why(last.step.end));
    }
    text
}

/// Writing into a string cannot fail, so the results are dropped here and above.
fn show_step(number: usize, step: &DemoStep, text: &mut String) {
    if let Some(thought) = &step.thought {
        let _ = writeln!(text, "{number:>3}  thought: {thought}");
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
