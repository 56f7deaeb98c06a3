//! Intervals, and how those are drawn that are drawn.

use crate::EvaluationError;
use serde::{Deserialize, Serialize};

/// A point estimate with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The statistic on what was observed.
    pub mean: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// The share of intervals that are to hold what they are of.
pub const CONFIDENCE: f64 = 0.95;

/// How bootstrap intervals are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BootstrapPlan {
    /// How many resamples.
    pub n_resamples: usize,
    /// The share of resamples inside the interval, e.g. 0.95.
    pub level: f64,
    /// Seed of the resampling; it changes intervals in the third digit, never a mean.
    pub seed: u64,
}

impl Default for BootstrapPlan {
    fn default() -> Self {
        Self { n_resamples: 2000, level: CONFIDENCE, seed: 0 }
    }
}

impl BootstrapPlan {
    /// Refuses plans that give no interval.
    pub(crate) fn check(&self) -> Result<(), EvaluationError> {
        if self.n_resamples >= 2 && self.level > 0.0 && self.level < 1.0 {
            return Ok(());
        }
        Err(EvaluationError::BadBootstrap { n_resamples: self.n_resamples, level: self.level.to_string() })
    }
}

/// The quantile of sorted values, linear between neighbours.
pub(crate) fn quantile(sorted: &[f64], at: f64) -> f64 {
    let place = at * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}
