//! What stands behind a title: ratings, years, names in brackets.

/// Removes a rating such as ` 5/5`, ` - 4.5/5` or ` (4/5)` that a model has appended.
pub(crate) fn strip_rating(title: &str) -> &str {
    let inner = title.strip_suffix(')').unwrap_or(title);
    let Some(before) = inner.strip_suffix("/5").or_else(|| inner.strip_suffix("/10")) else { return title };
    let kept = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if kept.len() == before.len() || !kept.ends_with([' ', '(', '-', ':']) {
        return title;
    }
    kept.trim_end_matches([' ', '(', '-', ':', '–'])
}

/// Splits `text (inside)` or `text [inside]` into its two parts, if it ends so with balanced brackets.
pub(super) fn trailing_brackets(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end();
    let (open, close) = if text.ends_with(']') { ('[', ']') } else { ('(', ')') };
    let body = text.strip_suffix(close)?;
    let mut depth = 1;
    for (at, c) in body.char_indices().rev() {
        if c == close {
            depth += 1;
        } else if c == open {
            depth -= 1;
        }
        if depth == 0 {
            return Some((&body[..at], &body[at + 1..]));
        }
    }
    None
}

/// Splits `(inside) rest` or `[inside] rest` into its two parts, if it begins so with balanced brackets.
pub(crate) fn bracket_group(text: &str) -> Option<(&str, &str)> {
    let open = text.chars().next().filter(|c| matches!(c, '(' | '['))?;
    let close = if open == '[' { ']' } else { ')' };
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
        }
        if depth == 0 {
            return Some((&text[1..at], &text[at + 1..]));
        }
    }
    None
}

/// `1999`, `1999-2003`, `Pixar, 1999`, `1999, Pixar`: the first year and what stands beside it.
pub(crate) fn year_beside(inside: &str) -> Option<(u16, &str)> {
    if let Some(year) = parse_year(inside) {
        return Some((year, ""));
    }
    let (head, tail) = (inside.split_once([',', ';']), inside.rsplit_once([',', ';']));
    let in_front = head.and_then(|(year, rest)| Some((parse_year(year.trim())?, rest.trim())));
    in_front.or_else(|| tail.and_then(|(rest, year)| Some((parse_year(year.trim())?, rest.trim()))))
}

/// `1999`, `1999-2003`, `1999–`: the first year.
fn parse_year(inside: &str) -> Option<u16> {
    let digits = inside.get(..4)?;
    let rest = inside.get(4..)?.trim_start_matches([' ', '-', '–', '—']);
    let is_year = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    if !is_year(digits) || !(rest.is_empty() || is_year(rest)) {
        return None;
    }
    digits.parse().ok()
}

/// `Title (1999`, as an answer that was cut off ends.
pub(super) fn unclosed_year(text: &str) -> Option<(&str, u16)> {
    let (before, inside) = text.rsplit_once('(')?;
    let is_open = !inside.contains(')') && !before.trim().is_empty();
    Some((before.trim_end(), parse_year(inside).filter(|_| is_open)?))
}
