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

/// What a `Retry-After` header asks for: seconds, or a date (then from `now` on; one that has passed asks for nothing).
pub(crate) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
