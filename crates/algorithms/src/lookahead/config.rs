//! Settings of the lookahead.

use learning::LearningError;
use serde::{Deserialize, Serialize};

/// Settings as written in a file; see `preset.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) l2: Vec<f64>,
    pub(crate) n_neighbours: usize,
    pub(crate) n_fitted: usize,
    pub(crate) demonstrated: Vec<f64>,
    pub(crate) sessions_per_round: usize,
    pub(crate) n_passes: usize,
    pub(crate) learning_rate: f32,
    pub(crate) temperature: f32,
    pub(crate) staying: Vec<f32>,
    pub(crate) low_costs: Vec<f32>,
    pub(crate) switches: Switches,
    pub(crate) training: Training,
}

/// What can be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switches {
    pub(crate) demonstrations: bool,
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
            ("n_neighbours", self.n_neighbours as f64, 1.0, 1e9),
            ("n_fitted", self.n_fitted as f64, 1.0, 20_000.0),
            ("sessions_per_round", self.sessions_per_round as f64, 1.0, 1e6),
            ("n_passes", self.n_passes as f64, 1.0, 1e6),
            ("learning_rate", f64::from(self.learning_rate), 1e-6, 1.0),
            ("temperature", f64::from(self.temperature), 0.0, 100.0),
            ("training.n_env_steps", self.training.n_env_steps as f64, 1.0, 1e12),
            ("training.n_validation_users", self.training.n_validation_users as f64, 1.0, 1e9),
        ])?;
        let worths = [&self.staying, &self.low_costs];
        let [staying, low_costs] = worths.map(|all| all.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
        crate::item_item::check(
            super::ENTRY.name,
            &[
                ("l2", &self.l2, 1e-3, 1e9),
                ("demonstrated", &self.demonstrated, 0.0, 1e4),
                ("staying", &staying, 0.0, 1e4),
                ("low_costs", &low_costs, 0.0, 1e4),
            ],
        )
    }
}
