//! The time of day and random numbers, for records and ids.
//!
//! A clock may say anything, also a time before 1970: records have 0 then, and connections are turned away, since neither
//! HTTP nor TLS can write such a date.

use rustls::pki_types::UnixTime;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) fn now_millis() -> u64 {
    millis(SystemTime::now())
}

fn millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Seconds of the years that dates can be written for: 1970 to 9998.
const PLAIN: Duration = Duration::from_secs(253_370_764_800);

/// Whether a time can be written as a date of HTTP.
pub(crate) fn is_plain(time: SystemTime) -> bool {
    time.duration_since(UNIX_EPOCH).is_ok_and(|since| since < PLAIN)
}

/// The time for TLS, which has none before 1970.
#[derive(Debug)]
pub(crate) struct Clock;

impl rustls::time_provider::TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        SystemTime::now().duration_since(UNIX_EPOCH).ok().map(UnixTime::since_unix_epoch)
    }
}

/// A number that nobody can guess.
///
/// # Errors
/// When the system has no random numbers to give.
pub(crate) fn random_u64() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}

/// An id that nobody can guess.
///
/// # Errors
/// When the system has no random numbers to give.
pub(crate) fn random_id() -> Result<String, getrandom::Error> {
    Ok(format!("{:016x}{:016x}", random_u64()?, random_u64()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_too_strange() {
        let (first, year) = (UNIX_EPOCH, Duration::from_secs(31_556_952));
        for (time, expected, is_dated) in [
            (first - 100 * year, 0, false),
            (first - Duration::from_nanos(1), 0, false),
            (first, 0, true),
            (first + Duration::from_millis(1500), 1500, true),
            (first + 8028 * year, 8028 * 31_556_952_000, true),
            (first + 9000 * year, 9000 * 31_556_952_000, false),
        ] {
            assert_eq!((millis(time), is_plain(time)), (expected, is_dated), "{time:?}");
        }
    }
}
