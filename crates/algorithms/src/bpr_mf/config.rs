//! Settings of BPR-MF.

use collaborative::BprConfig;
use learning::LearningError;
use serde::{Deserialize, Serialize};

/// Settings as written in a file; see `preset.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) n_factors: usize,
    pub(crate) learning_rate: f32,
    pub(crate) first_deviation: f32,
    pub(crate) l2_user: f32,
    pub(crate) l2_item: f32,
    pub(crate) l2_bias: f32,
    pub(crate) most_rounds: u64,
    pub(crate) patience: u64,
    pub(crate) taken_up_from: f32,
    pub(crate) validation_interval: u64,
    pub(crate) n_validation_users: usize,
}

impl Config {
    /// Refuses values with which nothing can be learned.
    ///
    /// # Errors
    /// The first setting out of its range.
    pub(crate) fn check(&self) -> Result<(), LearningError> {
        crate::registry::within(&[
            ("n_factors", self.n_factors as f64, 1.0, 4096.0),
            ("learning_rate", f64::from(self.learning_rate), 1e-9, 10.0),
            ("first_deviation", f64::from(self.first_deviation), 1e-6, 10.0),
            ("l2_user", f64::from(self.l2_user), 0.0, 100.0),
            ("l2_item", f64::from(self.l2_item), 0.0, 100.0),
            ("l2_bias", f64::from(self.l2_bias), 0.0, 100.0),
            ("most_rounds", self.most_rounds as f64, 1.0, 1e6),
            ("patience", self.patience as f64, 1.0, 1e6),
            ("taken_up_from", f64::from(self.taken_up_from), -1e6, 1e6),
            ("validation_interval", self.validation_interval as f64, 1.0, 1e9),
            ("n_validation_users", self.n_validation_users as f64, 1.0, 1e9),
        ])
    }

    /// Those of the steps.
    pub(super) fn steps(&self) -> BprConfig {
        let Self { n_factors, learning_rate, first_deviation, l2_user, l2_item, l2_bias, .. } = *self;
        BprConfig { n_factors, learning_rate, first_deviation, l2_user, l2_item, l2_bias }
    }
}
