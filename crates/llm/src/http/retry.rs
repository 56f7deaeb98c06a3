//! How long to wait before another attempt.

use std::time::{Duration, SystemTime};

use super::HttpSettings;

/// The pause before attempt `attempt` (the first repetition is 1): doubled each time, less up to half of it by the
/// `jitter` in [0, 1), so that clients that failed together do not come back together.
pub(crate) fn delay(settings: &HttpSettings, attempt: u32, jitter: f64) -> Duration {
    let doubled = settings.first_delay_ms.saturating_mul(1 << attempt.saturating_sub(1).min(32));
    let pause = Duration::from_millis(doubled.min(settings.longest_delay_ms));
    pause.mul_f64(1.0 - 0.5 * jitter.clamp(0.0, 1.0))
}

/// The pause that a server asks for: never less, and a little more so that not all come back at once.
pub(crate) fn asked_delay(asked: Duration, settings: &HttpSettings, jitter: f64) -> Duration {
    asked.saturating_add(Duration::from_millis(settings.first_delay_ms).mul_f64(jitter.clamp(0.0, 1.0)))
}

/// The longest pause that is understood; more is as good as this.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// The pause that the headers of a response ask for: `retry-after-ms`, `retry-after`, or, where the server is too busy,
/// when a limit that is used up begins anew (`x-ratelimit-reset-*`).
pub(crate) fn asked_pause<'h>(
    header: impl Fn(&str) -> Option<&'h str>,
    status: u16,
    now: SystemTime,
) -> Option<Duration> {
    let milliseconds = header("retry-after-ms").and_then(|text| seconds(text, 0.001));
    let plain = milliseconds.or_else(|| header("retry-after").and_then(|text| retry_after(text, now)));
    if plain.is_some() || status != 429 {
        return plain;
    }
    let limits = ["-requests", "-tokens", "-input-tokens", "-output-tokens", ""];
    let resets = limits.iter().filter_map(|limit| {
        let is_open = |text: &str| text.trim().parse::<f64>().is_ok_and(|left| left > 0.0);
        if header(&format!("x-ratelimit-remaining{limit}")).is_some_and(is_open) {
            return None;
        }
        reset(header(&format!("x-ratelimit-reset{limit}"))?, now)
    });
    resets.max()
}

/// What a `Retry-After` header asks for: seconds, also with a fraction, or a date (then from `now` on; one that has passed
/// asks for nothing).
pub(crate) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    let by_date = || {
        let date = httpdate::parse_http_date(header).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
    };
    seconds(header, 1.0).or_else(by_date)
}

/// When a limit begins anew: `6m0s`, `120ms`, seconds, or a time since 1970 in seconds or milliseconds.
pub(crate) fn reset(header: &str, now: SystemTime) -> Option<Duration> {
    const A_TIME: f64 = 1e9;
    const IN_MILLISECONDS: f64 = 1e12;
    let header = header.trim();
    match header.parse::<f64>() {
        Ok(time) if time.is_finite() && time >= A_TIME => {
            let time = if time >= IN_MILLISECONDS { time / 1000.0 } else { time };
            let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            Some(Duration::try_from_secs_f64(time).ok()?.saturating_sub(since))
        }
        Ok(_) => seconds(header, 1.0),
        Err(_) => spelled(header).or_else(|| retry_after(header, now)),
    }
}

/// A duration with units: `1h2m3.5s`, `250ms`.
fn spelled(text: &str) -> Option<Duration> {
    let (mut rest, mut sum) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let n_letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(n_letters);
        let unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        sum = sum.saturating_add(seconds(number, unit)?);
        rest = after;
    }
    (!text.is_empty()).then_some(sum.min(LONGEST))
}

/// So many units of a length in seconds.
fn seconds(text: &str, unit: f64) -> Option<Duration> {
    let number: f64 = text.trim().parse().ok()?;
    let is_number = number.is_finite() && number >= 0.0 && !text.contains(['e', 'E', '+']);
    is_number.then(|| Duration::try_from_secs_f64(number * unit).unwrap_or(LONGEST).min(LONGEST))
}
