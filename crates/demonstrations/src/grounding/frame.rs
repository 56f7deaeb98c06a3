//! What is left of an answer without list markers, labels, quotes, lead-ins and reasons.

use super::words::{
    begins_high, closing, is_background, is_connective, is_cue, is_frame, is_label, is_negation, is_prose,
    is_reason,
};
use crate::title::{bracket_group, folded_words};

/// The middle of an answer: what it names, as far as its frame tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Core {
    /// The text.
    pub(super) text: String,
    /// Whether a marker, a label, quotes or a word such as `recommend` points at it.
    pub(super) is_pointed_at: bool,
    /// Whether something behind it was taken away.
    pub(super) is_cut: bool,
    /// Whether it begins with a capital or a digit.
    pub(super) begins_high: bool,
}

/// Signs that emphasise or list.
const MARKUP: &[char] = &['*', '_', '`', '#', '>', '•', '·', '~', '|', ' ', '\t', '\r'];
/// Signs that end a title within a sentence.
const ENDING: &[char] = &['.', ',', ';', ':', '!', '?', '-', '–', '—', '…', ' ', '*', '_', '`', '|'];

/// Finds the core of an answer.
pub(super) fn core(answer: &str) -> Core {
    let line = telling_line(answer);
    let (unmarked, has_marker) = without_marker(line);
    let (unlabelled, has_label) = without_label(unmarked);
    let (rest, has_cue) = without_lead_in(unlabelled);
    let (text, is_quoted, is_cut) = match quoted(rest) {
        Some((inside, after)) => (inside, true, !after.trim_matches(ENDING).is_empty()),
        None => {
            let kept = without_reason(rest);
            (
                kept.to_owned(),
                false,
                kept.trim_end_matches(ENDING).len() < rest.trim_end_matches(ENDING).len(),
            )
        }
    };
    Core {
        begins_high: begins_high(&text),
        text,
        is_pointed_at: has_marker || has_label || has_cue || is_quoted,
        is_cut,
    }
}

/// The first line with letters that does not announce others.
fn telling_line(answer: &str) -> &str {
    let lines = || answer.lines().map(str::trim).filter(|line| line.chars().any(char::is_alphanumeric));
    let telling = lines().find(|line| !line.trim_end_matches(MARKUP).ends_with(':'));
    telling.or_else(|| lines().next()).unwrap_or_default()
}

/// Without `- `, `1. `, `2) `, `(3) `, `# `, `> `.
fn without_marker(line: &str) -> (&str, bool) {
    let bulleted = line.strip_prefix("- ").or_else(|| line.strip_prefix("– ")).unwrap_or(line);
    let bare = bulleted.trim_start_matches(['#', '>', '•', '·', ' ', '(']);
    let rest = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    let n_digits = bare.len() - rest.len();
    let unnumbered = [". ", ") ", ": ", " - "].iter().find_map(|end| rest.strip_prefix(end));
    match unnumbered {
        Some(rest) if (1..=3).contains(&n_digits) => (rest.trim_start(), true),
        _ if bulleted.len() < line.len() => (bulleted.trim_start(), true),
        _ => (line.trim_start_matches(['#', '>', '•', '·', ' ']), false),
    }
}

/// Without `Title: `, `**Final answer:** `, `Recommendation 2: `.
fn without_label(line: &str) -> (&str, bool) {
    let Some((label, rest)) = line.split_once(':') else { return (line, false) };
    let words = folded_words(label);
    let is_labelled = !words.is_empty() && words.len() <= 4 && words.iter().all(|word| is_label(word));
    let is_named = words.iter().any(|word| word.chars().any(char::is_alphabetic));
    // The emphasis of a label may close behind its colon.
    let rest = if label.trim_start().starts_with('*') { rest.trim_start_matches('*') } else { rest };
    if is_labelled && is_named { (rest.trim(), true) } else { (line, false) }
}

/// Without `I would recommend the film `: everything up to the first capital or quotation behind a word that
/// recommends, if nothing but small words stands before it.
fn without_lead_in(line: &str) -> (&str, bool) {
    let (mut has_cue, mut is_open) = (false, true);
    let mut behind_cues = None;
    for (at, token) in tokens(line) {
        let word = folded_words(token).concat();
        if token.starts_with(|c| closing(c).is_some()) {
            return if has_cue { (&line[at..], true) } else { (line, false) };
        }
        if is_negation(&word) || is_background(&word) {
            return (line, false);
        }
        let is_small = if has_cue { !begins_high(token) } else { !begins_high(token) || is_frame(&word) };
        if !is_small {
            return if has_cue { (&line[at..], true) } else { (line, false) };
        }
        // Where all words are small, the last word of the first stretch that recommends.
        is_open &= !has_cue || is_frame(&word) || is_connective(&word);
        has_cue |= is_cue(&word);
        if is_cue(&word) && is_open {
            behind_cues = Some(at + token.len());
        }
    }
    match behind_cues {
        Some(at) => (line[at..].trim_start_matches([' ', ',', ':']), true),
        None => (line, false),
    }
}

fn tokens(line: &str) -> impl Iterator<Item = (usize, &str)> {
    line.split_whitespace().map(move |token| (token.as_ptr() as usize - line.as_ptr() as usize, token))
}

/// `"Title" (1999) rest`: the title with its brackets, and the rest.
fn quoted(text: &str) -> Option<(String, &str)> {
    let open = text.chars().next()?;
    let close = closing(open)?;
    let inner = text.trim_start_matches(open);
    let inner = inner.strip_prefix(['"', '“', '*', '_']).unwrap_or(inner);
    let end = inner.match_indices(close).map(|(at, _)| at).find(|&at| ends_word(&inner[at..], close))?;
    let inside = inner[..end].trim_matches(['*', '_', '"', '“', '”', ' ', ',', '.']);
    let mut rest = inner[end..].trim_start_matches([close, '*', '_', '"', '”']);
    let mut title = inside.to_owned();
    while let Some((beside, after)) = bracket_group(rest.trim_start()) {
        title.push_str(&format!(" ({beside})"));
        rest = after.trim_start_matches(['*', '_', '"', '”']);
    }
    // What goes on behind the quotes may be more of the title: `'Hellboy': The Seeds of Creation`.
    let next = rest.trim_start_matches([' ', ':', '-', '–', '—', '.', ',']);
    let is_over = !begins_high(next.split(' ').next().unwrap_or_default()) || is_prose(next);
    (is_over && inside.chars().any(char::is_alphanumeric)).then_some((title, rest))
}

/// Whether a closing sign is not an apostrophe within a word.
fn ends_word(rest: &str, close: char) -> bool {
    rest.trim_start_matches(close).chars().next().is_none_or(|c| !c.is_alphanumeric())
}

/// Without ` because ...`, ` - a film about ...`, and whatever follows the year.
fn without_reason(text: &str) -> &str {
    if let Some(end) = behind_year(text) {
        return text[..end].trim_start_matches(MARKUP).trim_end_matches(MARKUP);
    }
    let cut = reason_at(text).unwrap_or(text.len());
    text[..cut].trim_start_matches(MARKUP).trim_end_matches(ENDING)
}

/// Where the brackets with a year end.
fn behind_year(text: &str) -> Option<usize> {
    text.match_indices(['(', '[']).find_map(|(at, _)| {
        let (inside, after) = bracket_group(&text[at..])?;
        let is_year = inside.get(..4).is_some_and(|year| year.bytes().all(|b| b.is_ascii_digit()));
        (at > 0 && is_year).then(|| text.len() - after.len())
    })
}

/// Where a reason begins.
fn reason_at(text: &str) -> Option<usize> {
    let by_word = tokens(text).skip(1).find(|(_, token)| {
        let word = token.trim_end_matches([',', '.']);
        !begins_high(word) && is_reason(word)
    });
    let by_sign = text.char_indices().find(|&(at, c)| {
        let rest = &text[at + c.len_utf8()..];
        let is_spaced = rest.starts_with(' ');
        match c {
            ';' => true,
            '.' | '!' | '?' => is_spaced && ends_sentence(&text[..at]) && goes_elsewhere(rest),
            ',' => is_spaced && rest.trim_start().starts_with(|c: char| c.is_lowercase()),
            ':' | '-' | '–' | '—' => is_spaced && is_prose(rest),
            _ => false,
        }
    });
    [by_word.map(|(at, _)| at), by_sign.map(|(at, _)| at)].into_iter().flatten().filter(|&at| at > 0).min()
}

/// Whether a sign behind this ends a sentence: abbreviations are short.
fn ends_sentence(before: &str) -> bool {
    let last = before.rsplit(' ').next().unwrap_or_default();
    last.chars().count() > 3 && !last.contains('.')
}

/// Whether what follows a stop is no more of a title: a sentence, or next to nothing.
fn goes_elsewhere(rest: &str) -> bool {
    let is_number = rest.trim_start().starts_with(|c: char| c.is_numeric());
    is_prose(rest) || (rest.split_whitespace().count() < 2 && !is_number)
}
