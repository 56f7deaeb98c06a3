//! Numbers and times as logs write them.

use super::Decimal;
use crate::Problem;
use crate::error::shortened;

/// Above this, a time is not in seconds: the year 5138.
const SECONDS_LIMIT: f64 = 1e11;

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

/// Unix seconds from a number or an ISO 8601 date (with time and `Z`, or without), and whether the number was
/// in milliseconds or finer.
pub(crate) fn parse_time(text: &str) -> Result<(i64, bool), Problem> {
    let bad = || Problem::BadTime { value: shortened(text) };
    if let Ok(whole) = text.parse::<i64>() {
        if whole.unsigned_abs() <= SECONDS_LIMIT as u64 {
            return Ok((whole, false));
        }
        return time_of_number(whole as f64).ok_or_else(bad);
    }
    match text.parse::<f64>() {
        Ok(number) => time_of_number(number).ok_or_else(bad),
        Err(_) => iso_seconds(text).map(|seconds| (seconds, false)).ok_or_else(bad),
    }
}

/// Unix seconds from a number of seconds, milli-, micro- or nanoseconds, whichever the size says, and whether
/// it was one of the finer ones.
pub(crate) fn time_of_number(number: f64) -> Option<(i64, bool)> {
    let units = [1.0, 1e3, 1e6, 1e9];
    let unit = units.into_iter().find(|unit| (number / unit).abs() <= SECONDS_LIMIT)?;
    Some(((number / unit).floor() as i64, unit > 1.0))
}

/// `YYYY-MM-DD`, optionally followed by `T` or a blank and `hh:mm:ss`, a fraction, and `Z`.
fn iso_seconds(text: &str) -> Option<i64> {
    let digits = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
    };
    let is_date = text.get(4..5)? == "-" && text.get(7..8)? == "-";
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    if !is_date || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let midnight = days_since_1970(year, month, day) * 86_400;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some(midnight);
    }
    let is_clock =
        matches!(rest.as_bytes()[0], b'T' | b' ') && text.get(13..14)? == ":" && text.get(16..17)? == ":";
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    let fraction = text.get(19..)?.trim_end_matches('Z');
    let is_fraction = fraction.is_empty()
        || fraction.strip_prefix('.').is_some_and(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()));
    let is_valid = is_clock && is_fraction && hour < 24 && minute < 60 && second < 61;
    is_valid.then_some(midnight + hour * 3600 + minute * 60 + second)
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the leap
/// day comes last and the months before it have a fixed rhythm of 153 days in five.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let months_since_march = (month + 9) % 12;
    let day_of_year = (153 * months_since_march + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + day_of_year - 719_468
}
