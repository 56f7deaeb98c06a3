//! The time of day and random numbers, for records and ids.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) fn now_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
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
