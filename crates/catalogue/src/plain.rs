//! Text of others on a terminal: nothing in it may move the cursor, change colours or turn the direction of writing.

use std::borrow::Cow;

/// A text on one line: white space of every kind is one blank, control characters are written out.
///
/// ```
/// assert_eq!(catalogue::one_line("Heat\r\n \u{1b}[31m(1995)"), "Heat \\u{1b}[31m(1995)");
/// ```
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    visible(&words.join(" ")).into_owned()
}

/// A text with its lines; control characters but line breaks and tabulators are written out.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// White space, the separators of lines that are none for [`char::is_whitespace`] included.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Control characters, and those that turn the direction of writing.
fn is_hidden(c: char) -> bool {
    let is_kept = matches!(c, '\n' | '\t');
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && !is_kept) || turns || matches!(c, '\u{2028}' | '\u{2029}')
}
