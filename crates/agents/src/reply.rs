//! Understanding answers: what could be understood, and what was wrong with the rest. Never an error.

mod clean;

pub(crate) use clean::one_line;
use clean::{first_object, object_text, without_label, without_thinking};

#[cfg(test)]
mod tests;

use serde_json::Value;

/// What was understood, and what was not.
#[derive(Clone, Debug, PartialEq)]
pub struct Understood<T> {
    /// The meaning, if there is one.
    pub value: Option<T>,
    /// What was wrong, in order of discovery.
    pub problems: Vec<Problem>,
}

/// What can be wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// Nothing was said.
    Empty,
    /// A JSON object that is not one.
    BrokenJson,
    /// A JSON object without what was asked for.
    OtherJson,
    /// More was said than was asked for.
    MoreThanAsked,
    /// The answer ended before it was complete.
    CutShort,
    /// No number was said.
    NoNumber,
    /// A fraction where a whole number was asked for; it was rounded.
    NotWhole,
    /// A number beyond -5 to 5; the nearer end was taken.
    OutOfRange,
    /// Something other than one of the given choices.
    NotAChoice,
}

impl Problem {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::BrokenJson => "broken_json",
            Self::OtherJson => "other_json",
            Self::MoreThanAsked => "more_than_asked",
            Self::CutShort => "cut_short",
            Self::NoNumber => "no_number",
            Self::NotWhole => "not_whole",
            Self::OutOfRange => "out_of_range",
            Self::NotAChoice => "not_a_choice",
        }
    }
}

/// The longest thought, plan or lesson that is kept, in characters.
const LONGEST: usize = 800;
/// The longest title that is looked up, in characters.
const LONGEST_TITLE: usize = 400;
/// How far from 0 a value may be.
const SCALE: f64 = 5.0;

impl<T> Understood<T> {
    fn nothing(problems: Vec<Problem>) -> Self {
        Self { value: None, problems }
    }
}

/// Understands a recommended title: a bare line, a labelled or quoted one, `recommend[...]`, or JSON.
pub fn read_title(answer: &str) -> Understood<String> {
    let (text, mut problems) = without_thinking(answer);
    let keys = ["title", "item", "recommendation", "recommend", "name", "answer", "action"];
    if let Some(found) = from_json(&text, &keys, &mut problems) {
        return titled(&found, problems);
    }
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("```")).collect();
    let labels = ["recommendation", "recommended", "recommend", "action", "title", "answer", "item"];
    let labelled = lines.iter().find_map(|line| without_label(line, &labels));
    if lines.len() > 1 {
        problems.push(Problem::MoreThanAsked);
    }
    let line = labelled.unwrap_or_else(|| lines.first().copied().unwrap_or_default());
    titled(line, problems)
}

fn titled(line: &str, mut problems: Vec<Problem>) -> Understood<String> {
    let (title, has_more) = clean::bare_title(line);
    if has_more && !problems.contains(&Problem::MoreThanAsked) {
        problems.push(Problem::MoreThanAsked);
    }
    let title: String = title.chars().take(LONGEST_TITLE).collect();
    if title.is_empty() {
        problems.push(Problem::Empty);
        return Understood::nothing(problems);
    }
    Understood { value: Some(title), problems }
}

/// Understands a thought and, where there is one, a plan.
pub fn read_thought(answer: &str) -> Understood<(String, Option<String>)> {
    let (text, mut problems) = without_thinking(answer);
    let trimmed = text.trim_start();
    if trimmed.starts_with('{') || trimmed.starts_with("```") {
        let object = first_object(&text);
        let word =
            |key: &str| object.as_ref().and_then(|o| object_text(o, &[key])).map(|t| one_line(&t, LONGEST));
        if let Some(thought) = word("thought").filter(|t| !t.is_empty()) {
            return Understood { value: Some((thought, word("plan").filter(|p| !p.is_empty()))), problems };
        }
        problems.push(if object.is_some() { Problem::OtherJson } else { Problem::BrokenJson });
    }
    let (mut thought, mut plan, mut is_plan) = (String::new(), String::new(), false);
    for line in text.lines().map(str::trim) {
        if without_label(line, &["action", "recommendation", "title", "observation"]).is_some() {
            problems.push(Problem::MoreThanAsked);
            break;
        }
        let line = match (without_label(line, &["plan"]), without_label(line, &["thought", "conclusion"])) {
            (Some(rest), _) => {
                is_plan = true;
                rest
            }
            (None, Some(rest)) => rest,
            (None, None) => line,
        };
        let part = if is_plan { &mut plan } else { &mut thought };
        part.push_str(line);
        part.push(' ');
    }
    let (thought, plan) = (one_line(&thought, LONGEST), one_line(&plan, LONGEST));
    match (thought.is_empty(), plan.is_empty()) {
        (true, true) => {
            problems.push(Problem::Empty);
            Understood::nothing(problems)
        }
        (true, false) => Understood { value: Some((plan, None)), problems },
        (false, _) => Understood { value: Some((thought, Some(plan).filter(|p| !p.is_empty()))), problems },
    }
}

/// Understands a lesson.
pub fn read_reflection(answer: &str) -> Understood<String> {
    let (text, mut problems) = without_thinking(answer);
    let found = from_json(&text, &["lesson", "reflection", "plan"], &mut problems);
    let text = found.unwrap_or(text);
    let first = without_label(text.trim(), &["lesson", "reflection"]).unwrap_or(&text);
    let lesson = one_line(first, LONGEST);
    if lesson.is_empty() {
        problems.push(Problem::Empty);
        return Understood::nothing(problems);
    }
    Understood { value: Some(lesson), problems }
}

/// Understands a value from -5 to 5.
pub fn read_value(answer: &str) -> Understood<f32> {
    let (text, mut problems) = without_thinking(answer);
    if text.trim().is_empty() {
        problems.push(Problem::Empty);
        return Understood::nothing(problems);
    }
    let text = from_json(&text, &["value", "score", "rating", "answer"], &mut problems).unwrap_or(text);
    let Some((number, has_more)) = clean::first_number(&text) else {
        problems.push(Problem::NoNumber);
        return Understood::nothing(problems);
    };
    if has_more {
        problems.push(Problem::MoreThanAsked);
    }
    if number.fract() != 0.0 {
        problems.push(Problem::NotWhole);
    }
    if number.abs() > SCALE {
        problems.push(Problem::OutOfRange);
    }
    Understood { value: Some(number.round().clamp(-SCALE, SCALE) as f32), problems }
}

/// The text under one of the keys, if the answer is (meant to be) JSON.
fn from_json(text: &str, keys: &[&str], problems: &mut Vec<Problem>) -> Option<String> {
    let at = text.find('{')?;
    match first_object(text) {
        Some(object) => {
            if !text[..at].trim().trim_start_matches("```json").trim_matches('`').trim().is_empty() {
                problems.push(Problem::MoreThanAsked);
            }
            let found = object_text(&object, keys);
            if found.is_none() {
                problems.push(Problem::OtherJson);
            }
            found.or_else(|| only_text(&object))
        }
        None if text.trim_start().trim_start_matches("```json").trim_start().starts_with('{') => {
            problems.push(Problem::BrokenJson);
            keys.iter().find_map(|key| clean::salvage(text, key))
        }
        None => None,
    }
}

/// The only text of an object that has no other.
fn only_text(object: &serde_json::Map<String, Value>) -> Option<String> {
    match object.values().collect::<Vec<_>>().as_slice() {
        [Value::String(text)] => Some(text.clone()),
        _ => None,
    }
}
