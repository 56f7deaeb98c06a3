//! One demonstration as text for people.

use crate::{Candidate, DemoStep, Demonstration, Explanation, GroundingStatus};
use catalogue::one_line;
use mdp::{ExitReason, StepEnd};
use std::fmt::Write as _;

/// The widest line, in characters.
const WIDTH: usize = 100;
/// The narrowest that lines are wrapped to.
const NARROWEST: usize = 24;
/// How many of the candidates of a step are listed.
const N_CANDIDATES: usize = 5;
/// What stands before the lines of a step but its first.
const MARGIN: &str = "     ";

/// Renders a demonstration: what the expert knew and was reminded of, then per step what it thought, meant to do,
/// named and got, then why the session ended and what was learned. Titles and thoughts are other people's text: their
/// white space is collapsed, their control characters are written out.
pub fn show(demonstration: &Demonstration) -> String {
    show_within(demonstration, WIDTH)
}

/// As [`show`], with lines of at most `width` characters (but not of fewer than 24).
pub fn show_within(demonstration: &Demonstration, width: usize) -> String {
    let mut page = Page { text: String::new(), width: width.clamp(NARROWEST, WIDTH) };
    page.line(&format!("{}  user {}", one_line(&demonstration.id), one_line(&demonstration.user_id)));
    match demonstration.history_titles.as_slice() {
        [] => page.line("history: none"),
        titles => page.labelled("history: ", &joined(titles)),
    }
    for lesson in &demonstration.reminded_of {
        page.labelled("reminded of: ", lesson);
    }
    for (at, step) in demonstration.steps.iter().enumerate() {
        show_step(at + 1, step, &mut page);
    }
    if let Some(last) = demonstration.steps.last() {
        let (n_steps, total) = (demonstration.steps.len(), demonstration.return_raw());
        page.line(&format!("{n_steps} steps, return {total:.1}: {}", why(last.step.end)));
    }
    if let Some(lesson) = &demonstration.lesson {
        page.labelled("lesson: ", lesson);
    }
    page.text
}

/// Lines of a bounded width.
struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// One line of our own, as it is where it fits, else wrapped under its indent.
    fn line(&mut self, line: &str) {
        if line.chars().count() <= self.width {
            self.text.push_str(line);
            self.text.push('\n');
            return;
        }
        let indent = line.len() - line.trim_start().len();
        self.text.push_str(&line[..indent]);
        self.wrapped(line, indent, indent + 2);
    }

    /// A text behind a label, its further lines under its first, or near the margin where the page is narrow.
    fn labelled(&mut self, label: &str, said: &str) {
        self.text.push_str(label);
        let column = label.chars().count();
        self.wrapped(&one_line(said), column, column.min(self.width / 4));
    }

    /// Words from a column on, further lines from the indent on. Words longer than a line are broken.
    fn wrapped(&mut self, said: &str, from: usize, indent: usize) {
        let mut column = from;
        let mut is_first = true;
        for word in said.split_whitespace() {
            let mut letters: Vec<char> = word.chars().collect();
            if !is_first && column + 1 + letters.len() <= self.width {
                self.text.push(' ');
                column += 1;
            } else if !is_first || (column + letters.len() > self.width && column > indent) {
                column = self.next_line(indent);
            }
            while column + letters.len() > self.width {
                let rest = letters.split_off((self.width - column).max(1).min(letters.len()));
                self.text.extend(&letters);
                if rest.is_empty() {
                    letters = Vec::new();
                    break;
                }
                column = self.next_line(indent);
                letters = rest;
            }
            self.text.extend(&letters);
            column += letters.len();
            is_first = false;
        }
        self.text.push('\n');
    }

    fn next_line(&mut self, indent: usize) -> usize {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', indent));
        indent
    }
}

fn joined(titles: &[String]) -> String {
    titles.iter().map(|title| one_line(title)).collect::<Vec<_>>().join(" · ")
}

/// One step: what led to the choice, the choice, what came of it. The number stands on the first line. Writing into
/// a string cannot fail, so the results are dropped here and above.
fn show_step(number: usize, step: &DemoStep, page: &mut Page) {
    let before = said_before(step);
    for (at, (label, said)) in before.iter().enumerate() {
        let margin = if at == 0 { format!("{number:>3}  ") } else { MARGIN.to_owned() };
        page.labelled(&format!("{margin}{label}: "), said);
    }
    let mark = if before.is_empty() { format!("{number:>3}  ") } else { format!("{MARGIN}→ ") };
    let mut line = mark + &one_line(&step.title);
    if step.requested_title != step.title && !step.requested_title.is_empty() {
        show_request(step, &mut line);
    }
    let _ = write!(line, "  reward {:.1}", step.step.reward);
    if let Some(observed) = step.observed_reward {
        let _ = write!(line, " (recorded {observed:.1})");
    }
    if let Some(value) = step.critic_value {
        let _ = write!(line, " (critic {value:.1})");
    }
    page.line(&line);
    if let Some(explanation) = &step.explanation {
        show_numbers(explanation, page);
    }
}

fn show_request(step: &DemoStep, line: &mut String) {
    let _ = write!(line, "  [asked for `{}`", one_line(&step.requested_title));
    match (&step.replacement, step.grounding.status) {
        (Some(_), _) => line.push_str(", replaced by the source"),
        (None, GroundingStatus::Exact | GroundingStatus::Normalised) => {}
        (None, _) => {
            let _ = write!(line, ", distance {:.2}", step.grounding.distance);
        }
    }
    line.push(']');
}

/// What led to the choice, labelled.
fn said_before(step: &DemoStep) -> Vec<(&'static str, String)> {
    let explanation = step.explanation.as_deref().cloned().unwrap_or_default();
    let joined = |titles: Vec<String>| (!titles.is_empty()).then(|| joined(&titles));
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
fn show_numbers(explanation: &Explanation, page: &mut Page) {
    let parts = [
        explanation.advantage.map(|advantage| format!("advantage {advantage:+.1}")),
        explanation.log_prob.map(|log_prob| format!("log p {log_prob:.2}")),
        explanation.lift.map(|lift| format!("raised by the history {lift:+.2}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if !parts.is_empty() {
        page.labelled(&format!("{MARGIN}  "), &parts.join(" · "));
    }
    if !explanation.slate.is_empty() {
        page.labelled(&format!("{MARGIN}  "), &ranked(&explanation.slate));
    }
}

/// The candidates that the history raised most, with how likely they were and how much it raised them.
fn ranked(slate: &[Candidate]) -> String {
    let mut slate: Vec<&Candidate> = slate.iter().collect();
    slate.sort_by(|a, b| b.lift.total_cmp(&a.lift));
    let one = |c: &&Candidate| format!("{} {:.2} ({:+.2})", one_line(&c.title), c.log_prob, c.lift);
    let first: Vec<String> = slate.iter().take(N_CANDIDATES).map(one).collect();
    let which = if slate.len() > N_CANDIDATES { "of" } else { "all" };
    format!("{which} {} candidates: {}", slate.len(), first.join(" · "))
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
