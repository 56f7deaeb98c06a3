//! Numbers as logs write them.

use super::Decimal;
use crate::Problem;
use crate::error::shortened;

/// A rating as text: a number, or a word for yes (1) or no (0). Says whether a comma stood before the decimals.
pub(crate) fn parse_rating(text: &str, decimal: Decimal) -> Result<(f32, bool), Problem> {
    let bad = || Problem::BadNumber { value: shortened(text) };
    if decimal == Decimal::Comma && text.contains(['.', ',']) {
        let number = if text.contains('.') { None } else { text.replacen(',', ".", 1).parse::<f32>().ok() };
        return finite(number.ok_or_else(bad)?, text).map(|value| (value, true));
    }
    if let Ok(value) = text.parse::<f32>() {
        return finite(value, text).map(|value| (value, false));
    }
    if decimal == Decimal::Guess && is_surely_decimal(text) {
        let value = text.replacen(',', ".", 1).parse().map_err(|_| bad())?;
        return finite(value, text).map(|value| (value, true));
    }
    truth(text).map(|is_liked| (f32::from(u8::from(is_liked)), false)).ok_or_else(bad)
}

fn finite(value: f32, text: &str) -> Result<f32, Problem> {
    if value.is_finite() { Ok(value) } else { Err(Problem::NotFinite { value: shortened(text) }) }
}

/// Whether a comma in a number can only stand before decimals: three digits after it might be thousands.
fn is_surely_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once(',').is_some_and(|(whole, rest)| is_digits(whole) && is_digits(rest) && rest.len() != 3)
}

/// The words for yes and no.
pub(crate) fn truth(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "t", "yes", "y", "like", "liked", "positive", "recommended"]) {
        Some(true)
    } else if is(&["false", "f", "no", "n", "dislike", "disliked", "negative", "not recommended"]) {
        Some(false)
    } else {
        None
    }
}

/// Whether a text says that there is no value, as databases and data frames write it.
pub(crate) fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "nan" | "NaN" | "NaT" | "<NA>" | "NULL" | "null" | "None" | "\\N")
}

/// An id out of a field whose type nobody knows. A whole number that was written with a fraction of zeros (`17.0`, as
/// tables with gaps write it) is the number (`17`); anything else stays as written, leading zeros too.
pub(crate) fn untyped_id(field: &str) -> &str {
    let Some((whole, fraction)) = field.split_once('.') else { return field };
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_number = digits == "0" || (!digits.starts_with('0') && !digits.is_empty());
    let is_whole = !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
    if is_whole && is_number && digits.bytes().all(|byte| byte.is_ascii_digit()) { whole } else { field }
}
