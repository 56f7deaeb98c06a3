//! Peeling an answer: think-aloud blocks, labels, quotes, numbering, JSON.

use super::Problem;
use serde_json::{Map, Value};

/// An answer without blocks in which the model thinks aloud, and without characters that steer a terminal.
pub(super) fn without_thinking(answer: &str) -> (String, Vec<Problem>) {
    let (text, is_open) = llm::without_thoughts(answer);
    let shown = |c: char| if c.is_control() && !c.is_whitespace() { char::REPLACEMENT_CHARACTER } else { c };
    let problems = if is_open { vec![Problem::CutShort] } else { Vec::new() };
    (text.chars().map(shown).collect(), problems)
}

/// The first JSON object in a text, whatever follows it.
pub(super) fn first_object(text: &str) -> Option<Map<String, Value>> {
    let at = text.find('{')?;
    serde_json::Deserializer::from_str(&text[at..]).into_iter::<Map<String, Value>>().next()?.ok()
}

/// The text or number under the first of the keys that is there, whatever its case.
pub(super) fn object_text(object: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| {
        let (_, value) = object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Array(values) => values.first().and_then(Value::as_str).map(str::to_owned),
            _ => None,
        }
    })
}

/// The text after `"key":` in an object that does not parse.
pub(super) fn salvage(text: &str, key: &str) -> Option<String> {
    let at = text.find(&format!("\"{key}\""))? + key.len() + 2;
    let rest = text[at..].trim_start().strip_prefix(':')?.trim_start();
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split(['"', '\n']).next()?,
        None => rest.split([',', '}', '\n']).next()?,
    };
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// What follows a label: `Label: rest`, `Label 3: rest`, `**Label:** rest`, `Label[rest`.
pub(super) fn without_label<'a>(line: &'a str, labels: &[&str]) -> Option<&'a str> {
    let line = line.trim_start_matches(['*', '#', '-', '>', ' ']);
    labels.iter().find_map(|label| {
        let head = line.get(..label.len()).filter(|head| head.eq_ignore_ascii_case(label))?;
        let rest = line[head.len()..].trim_start_matches('*').trim_start();
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        if rest.starts_with('[') {
            return Some(rest);
        }
        Some(rest.strip_prefix(':')?.trim_start_matches('*').trim())
    })
}

/// A title without numbering, brackets, quotes and emphasis, and whether more stood beside it.
pub(super) fn bare_title(line: &str) -> (String, bool) {
    let mut text = without_number(line.trim());
    let mut has_more = false;
    if let Some(inner) = bracketed(text) {
        text = inner;
    }
    if let Some(inner) = emphasised(text) {
        return (inner.trim().to_owned(), false);
    }
    if let Some((inner, is_all)) = quoted(text) {
        has_more = !is_all;
        text = inner;
    }
    (text.trim().to_owned(), has_more)
}

/// `recommend[X]` and `[X]`, up to the last bracket: titles may hold brackets.
fn bracketed(text: &str) -> Option<&str> {
    let at = text.find('[')?;
    let word = text[..at].trim();
    let is_call = word.is_empty() || word.eq_ignore_ascii_case("recommend");
    let end = text.rfind(']').filter(|&end| end > at);
    let is_whole = end.is_some_and(|end| text[end + 1..].trim_matches(['.', ' ']).is_empty());
    (is_call && is_whole).then(|| text[at + 1..end.unwrap_or(text.len())].trim())
}

fn emphasised(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("**")?.strip_suffix("**")?;
    Some(inner.trim_matches(['"', '“', '”'])).filter(|inner| !inner.contains("**"))
}

/// The text in the outer quotes, and whether it is all there is.
fn quoted(text: &str) -> Option<(&str, bool)> {
    for (open, close) in [('"', '"'), ('“', '”'), ('«', '»')] {
        let Some(start) = text.find(open) else { continue };
        let inside = start + open.len_utf8();
        let Some(end) = text[inside..].find(close).map(|at| inside + at) else { continue };
        let is_all = start == 0 && text[end + close.len_utf8()..].trim_matches(['.', ' ', ',']).is_empty();
        // Quotes in the middle of a title are part of it; quotes in a sentence mark the title.
        let is_sentence = text[..start].split_whitespace().count() > 1 || text[..start].trim().is_empty();
        if is_all || is_sentence {
            return Some((&text[inside..end], is_all));
        }
    }
    None
}

/// Without `1. `, `2) `, `- `, `* `. A number that is followed by anything else belongs to the title.
fn without_number(text: &str) -> &str {
    let bulleted = text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")).unwrap_or(text);
    let rest = bulleted.trim_start_matches(|c: char| c.is_ascii_digit());
    let n_digits = bulleted.len() - rest.len();
    match rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") ")) {
        Some(rest) if (1..=2).contains(&n_digits) => rest.trim_start(),
        _ => bulleted,
    }
}

/// The first number of a text, and whether the text says more than a number with a label and a scale.
pub(super) fn first_number(text: &str) -> Option<(f64, bool)> {
    let text: String = text.chars().map(|c| if c == '−' || c == '–' { '-' } else { c }).collect();
    let at = text.find(|c: char| c.is_ascii_digit())?;
    let is_negative = text[..at].ends_with('-') || text[..at].trim() == "-";
    let end = text[at..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(text.len(), |end| at + end);
    let number: f64 = text[at..end].trim_end_matches('.').parse().ok()?;
    let words = text[..at].split_whitespace().count() + text[end..].split_whitespace().count();
    let number = if is_negative { -number } else { number };
    number.is_finite().then_some((number, words > 3))
}

/// All words on one line, at most so many characters.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(longest).collect()
}
