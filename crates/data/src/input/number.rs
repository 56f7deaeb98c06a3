//! Numbers and times as logs write them.

use crate::Problem;
use crate::error::shortened;

/// Above this, a time is not in seconds: the year 5138.
const SECONDS_LIMIT: f64 = 1e11;

/// A rating as text.
pub(crate) fn parse_rating(text: &str) -> Result<f32, Problem> {
    let value: f32 = text.parse().map_err(|_| Problem::BadNumber { value: shortened(text) })?;
    if value.is_finite() { Ok(value) } else { Err(Problem::NotFinite { value: shortened(text) }) }
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
