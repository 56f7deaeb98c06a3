//! What can be asked for but makes no sense.

/// Settings or data that the reward side cannot work with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RewardError {
    /// A setting outside its range.
    #[error("{name} must be {expected}, got {got}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its range in words.
        expected: &'static str,
        /// The value given.
        got: f32,
    },
    /// Slices that describe the same rows but have different lengths.
    #[error("expected {expected} values of {what}, got {got}")]
    Length {
        /// What the slice holds.
        what: &'static str,
        /// The length that fits.
        expected: usize,
        /// The length given.
        got: usize,
    },
    /// There is nothing to learn from.
    #[error("no {0} to learn from")]
    Empty(&'static str),
}

/// Refuses a slice that does not hold `expected` values.
pub(crate) fn check_length(what: &'static str, expected: usize, got: usize) -> Result<(), RewardError> {
    if expected == got { Ok(()) } else { Err(RewardError::Length { what, expected, got }) }
}
