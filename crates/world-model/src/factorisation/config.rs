//! Settings of the factorisation.

use crate::WorldError;
use serde::{Deserialize, Serialize};

/// Settings of the biased matrix factorisation. Weights that are left out are chosen on a slice of the data; of a
/// very large log, on the cells of some users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FactorisationConfig {
    /// Length of a factor; 0 leaves the biases alone.
    pub dim: usize,
    /// How many categories, the most frequent ones, every user also has a weight for: they support items with few
    /// ratings. The cost of a fit grows with the square.
    pub max_categories: usize,
    /// Passes of alternating least squares.
    pub n_passes: usize,
    /// Weight of squared factors; left out, the best of 2, 4, 8, 16, 32.
    pub l2_factors: Option<f32>,
    /// Weight of squared category weights; left out, the best of 2, 4, 8, 16, 32.
    pub l2_categories: Option<f32>,
    /// Weight of squared biases (ratings at which a bias is half believed); left out, the best of 1, 2, 4, 8.
    pub l2_biases: Option<f32>,
    /// Sampled cells for each logged one, where the log has positives alone.
    pub n_negatives: usize,
    /// Ratings at which an item's or user's own residual variance is half believed.
    pub variance_shrinkage: f32,
}

impl Default for FactorisationConfig {
    fn default() -> Self {
        Self {
            dim: 8,
            max_categories: 32,
            n_passes: 12,
            l2_factors: None,
            l2_categories: None,
            l2_biases: None,
            n_negatives: 4,
            variance_shrinkage: 20.0,
        }
    }
}

impl FactorisationConfig {
    /// Offsets of users and items alone.
    pub(crate) fn biases() -> Self {
        Self { dim: 0, max_categories: 0, ..Self::default() }
    }

    /// Refuses settings without a meaning.
    ///
    /// # Errors
    /// Names the first one found.
    pub fn check(&self) -> Result<(), WorldError> {
        if self.dim > 512 {
            let (setting, expected) = ("dim", "at most 512");
            return Err(WorldError::Setting { setting, expected, got: self.dim.to_string() });
        }
        if !(1..=64).contains(&self.n_negatives) {
            let (setting, expected) = ("n_negatives", "between 1 and 64");
            return Err(WorldError::Setting { setting, expected, got: self.n_negatives.to_string() });
        }
        if self.max_categories > 512 {
            let (setting, expected) = ("max_categories", "at most 512");
            return Err(WorldError::Setting { setting, expected, got: self.max_categories.to_string() });
        }
        let positive = [
            ("l2_factors", self.l2_factors.unwrap_or(1.0)),
            ("l2_categories", self.l2_categories.unwrap_or(1.0)),
            ("l2_biases", self.l2_biases.unwrap_or(1.0)),
            ("variance_shrinkage", self.variance_shrinkage),
        ];
        for (setting, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                let expected = "a number above 0";
                return Err(WorldError::Setting { setting, expected, got: value.to_string() });
            }
        }
        Ok(())
    }
}
