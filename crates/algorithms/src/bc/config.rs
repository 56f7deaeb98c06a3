//! Settings of behaviour cloning.

use learning::LearningError;
use representation::TasteConfig;
use serde::{Deserialize, Serialize};

/// Settings as written in a file; see `preset.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) learning_rate: f32,
    pub(crate) sessions_per_step: usize,
    pub(crate) held_out: f64,
    pub(crate) patience: u64,
    pub(crate) least_gain: f32,
    pub(crate) most_rounds: u64,
    pub(crate) session_feedback: bool,
    pub(crate) validation_interval: u64,
    pub(crate) n_validation_users: usize,
    pub(crate) taste: TasteConfig,
}

impl Config {
    /// Refuses values with which nothing can be learned.
    ///
    /// # Errors
    /// The first setting out of its range.
    pub(crate) fn check(&self) -> Result<(), LearningError> {
        let ranges: [(&'static str, f64, f64, f64); 8] = [
            ("learning_rate", f64::from(self.learning_rate), 1e-9, 1.0),
            ("sessions_per_step", self.sessions_per_step as f64, 1.0, 1e6),
            ("held_out", self.held_out, 0.0, 0.9),
            ("patience", self.patience as f64, 1.0, 1e6),
            ("least_gain", f64::from(self.least_gain), 0.0, 10.0),
            ("most_rounds", self.most_rounds as f64, 1.0, 1e6),
            ("validation_interval", self.validation_interval as f64, 1.0, 1e9),
            ("n_validation_users", self.n_validation_users as f64, 1.0, 1e9),
        ];
        crate::registry::within(&ranges)?;
        crate::registry::within(&self.taste.ranges())
    }
}
