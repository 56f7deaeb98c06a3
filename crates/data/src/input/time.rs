//! Points in time as logs write them.

use crate::Problem;
use crate::error::shortened;

/// Above this, a time is not in seconds: the year 5138.
const SECONDS_LIMIT: f64 = 1e11;
const DAY: i64 = 86_400;
const DAYS_OF_CYCLE: i64 = 146_097;

/// Unix seconds from a number or an ISO 8601 date (with or without time and offset), and whether the number was
/// in milliseconds or finer. Fourteen digits that are a date and a time of day are read as such.
pub(crate) fn parse_time(text: &str) -> Result<(i64, bool), Problem> {
    let bad = || Problem::BadTime { value: shortened(text) };
    if let Ok(whole) = text.parse::<i64>() {
        if whole.unsigned_abs() <= SECONDS_LIMIT as u64 {
            return Ok((whole, false));
        }
        if let Some(seconds) = date_and_time_in_digits(whole) {
            return Ok((seconds, false));
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

/// Turns a column of times into seconds where each of them is a date in eight digits (`20200705`), and says
/// whether it was one. As seconds they would all lie in one fortnight of August 1970. `none` is no time.
pub(crate) fn read_dates_in_digits(times: &mut [i64], none: i64) -> bool {
    let mut present = times.iter().filter(|time| **time != none).peekable();
    let is_one = present.peek().is_some() && present.all(|&time| date_in_digits(time).is_some());
    if is_one {
        times.iter_mut().for_each(|time| *time = date_in_digits(*time).unwrap_or(*time));
    }
    is_one
}

/// A point in time as ISO 8601, in UTC; a midnight as its date alone.
pub(crate) fn iso_text(seconds: i64) -> String {
    let (year, month, day) = date_of_day(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (of_day / 3600, of_day / 60 % 60, of_day % 60) {
        (0, 0, 0) => date,
        (hour, minute, second) => format!("{date}T{hour:02}:{minute:02}:{second:02}Z"),
    }
}

fn date_in_digits(number: i64) -> Option<i64> {
    let is_likely = (19_700_101..=20_991_231).contains(&number);
    let day = || day_of_date(number / 10_000, number / 100 % 100, number % 100);
    is_likely.then(day).flatten().map(|day| day * DAY)
}

fn date_and_time_in_digits(number: i64) -> Option<i64> {
    let (hour, minute, second) = (number / 10_000 % 100, number / 100 % 100, number % 100);
    let is_clock = hour < 24 && minute < 60 && second < 60;
    date_in_digits(number / 1_000_000).filter(|_| is_clock).map(|day| day + clock(hour, minute, second))
}

fn clock(hour: i64, minute: i64, second: i64) -> i64 {
    hour * 3600 + minute * 60 + second
}

/// `YYYY-MM-DD` (or with slashes, or without anything between), then nothing, or `T` or blanks and `hh:mm`, seconds
/// with a fraction, and an offset. A time without an offset is in UTC.
fn iso_seconds(text: &str) -> Option<i64> {
    let mut rest = Cursor(text.as_bytes());
    let year = rest.digits(4)?;
    let between = rest.take(b"-/");
    let month = rest.digits(2)?;
    if let Some(between) = between {
        rest.take(&[between])?;
    }
    let midnight = day_of_date(year, month, rest.digits(2)?)? * DAY;
    if rest.0.is_empty() {
        return Some(midnight);
    }
    if rest.take(b"Tt").is_none() {
        rest.take(b" ")?;
        rest.skip_blanks();
    }
    let hour = rest.digits(2)?;
    let has_colons = rest.take(b":").is_some();
    let minute = rest.digits(2)?;
    let has_second =
        if has_colons { rest.take(b":").is_some() } else { rest.0.first().is_some_and(u8::is_ascii_digit) };
    let second = if has_second { rest.digits(2)? } else { 0 };
    if has_second && rest.take(b".,").is_some() {
        rest.digits(1)?;
        while rest.digits(1).is_some() {}
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    rest.skip_blanks();
    let offset = rest.offset()?;
    rest.0.is_empty().then(|| midnight + clock(hour, minute, second) - offset)
}

/// What is left of a text.
struct Cursor<'t>(&'t [u8]);

impl Cursor<'_> {
    /// A number of exactly so many digits.
    fn digits(&mut self, n: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(n)?;
        let number = digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })?;
        self.0 = rest;
        Some(number)
    }

    /// The next byte, if it is one of these.
    fn take(&mut self, any_of: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        any_of.contains(&first).then(|| {
            self.0 = rest;
            first
        })
    }

    fn skip_blanks(&mut self) {
        while self.take(b" ").is_some() {}
    }

    /// Seconds east of Greenwich: nothing, `Z`, `UTC`, `GMT`, `+hh`, `+hhmm`, `+hh:mm`, `+hh:mm:ss`.
    fn offset(&mut self) -> Option<i64> {
        if matches!(self.0, b"" | b"Z" | b"z" | b"UTC" | b"GMT") {
            self.0 = b"";
            return Some(0);
        }
        let sign = if self.take(b"+-")? == b'+' { 1 } else { -1 };
        let mut parts = [self.digits(2)?, 0, 0];
        for part in &mut parts[1..] {
            let has_colon = self.take(b":").is_some();
            match self.digits(2) {
                Some(number) => *part = number,
                None if has_colon => return None,
                None => break,
            }
        }
        let [hour, minute, second] = parts;
        (hour < 24 && minute < 60 && second < 60).then(|| sign * clock(hour, minute, second))
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar; `None` where the calendar has no such day. Years are
/// counted from March, so that the leap day comes last and the months before it have a fixed rhythm of 153 days in
/// five.
fn day_of_date(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let year = if month > 2 { year } else { year - 1 };
    let months_since_march = (month + 9) % 12;
    let day_of_year = (153 * months_since_march + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(365 * year + leap_days + day_of_year - 719_468)
}

/// The date of a day after 1970-01-01. Four hundred years have always the same length; within them the year is first
/// guessed too early, by one at most.
fn date_of_day(day: i64) -> (i64, i64, i64) {
    let (cycle, rest) = (day.div_euclid(DAYS_OF_CYCLE), day.rem_euclid(DAYS_OF_CYCLE));
    let first = |year: i64, month: i64| day_of_date(year, month, 1).unwrap_or(i64::MAX);
    let guess = 1970 + rest / 366;
    let year = if first(guess + 1, 1) <= rest { guess + 1 } else { guess };
    let month = (1..=12).rev().find(|&month| first(year, month) <= rest).unwrap_or(1);
    (year + 400 * cycle, month, rest - first(year, month) + 1)
}
