//! Settings of the lookahead.

use learning::LearningError;
use serde::{Deserialize, Serialize};

/// Settings as written in a file; see `preset.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) l2: f64,
    pub(crate) n_neighbours: usize,
    pub(crate) n_fitted: usize,
    pub(crate) sessions_per_round: usize,
    pub(crate) n_passes: usize,
    pub(crate) learning_rate: f32,
    pub(crate) temperature: f32,
    pub(crate) staying: Vec<f32>,
    pub(crate) low_costs: Vec<f32>,
    pub(crate) training: Training,
}

/// How much it may try.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Training {
    pub(crate) n_env_steps: u64,
    pub(crate) n_validation_users: usize,
}

impl Config {
    /// Refuses values with which nothing can be learned.
    ///
    /// # Errors
    /// The first setting out of its range.
    pub(crate) fn check(&self) -> Result<(), LearningError> {
        crate::registry::within(&[
            ("l2", self.l2, 1e-3, 1e9),
            ("n_neighbours", self.n_neighbours as f64, 1.0, 1e9),
            ("n_fitted", self.n_fitted as f64, 1.0, 20_000.0),
            ("sessions_per_round", self.sessions_per_round as f64, 1.0, 1e6),
            ("n_passes", self.n_passes as f64, 1.0, 1e6),
            ("learning_rate", f64::from(self.learning_rate), 1e-6, 1.0),
            ("temperature", f64::from(self.temperature), 0.0, 100.0),
            ("training.n_env_steps", self.training.n_env_steps as f64, 1.0, 1e12),
            ("training.n_validation_users", self.training.n_validation_users as f64, 1.0, 1e9),
        ])?;
        for (setting, values) in [("staying", &self.staying), ("low_costs", &self.low_costs)] {
            if values.is_empty() {
                let why = format!("{setting} lists nothing to try");
                return Err(LearningError::Settings { algorithm: super::ENTRY.name, why });
            }
            let ranges: Vec<_> = values.iter().map(|value| (setting, f64::from(*value), 0.0, 1e4)).collect();
            crate::registry::within(&ranges)?;
        }
        Ok(())
    }
}
