//! Turns what an expert wrote into an item of the catalogue, or refuses.

mod frame;
mod fuzzy;
mod guard;
mod index;
mod letters;
mod mention;
mod nearest;
mod report;
mod words;
mod years;

use guard::Likeness;
pub use index::{Grounded, TitleIndex};
pub use nearest::{Metric, Nearest, nearest};
pub use report::{GroundingReport, GroundingTally, Hub};

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// How much a text may differ from a title and still mean it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroundingConfig {
    /// Least edit similarity (Damerau-Levenshtein, 0 to 1) of a fuzzy match whose year is confirmed.
    pub fuzzy_min_with_year: f32,
    /// The same where text or title has no year to compare.
    pub fuzzy_min_without_year: f32,
    /// Least cosine of text vectors for a match by embedding; above 1 turns the rule off.
    pub embedding_min_cosine: f32,
    /// The same where text or title has no year to compare.
    pub embedding_min_cosine_without_year: f32,
}

impl Default for GroundingConfig {
    fn default() -> Self {
        Self {
            fuzzy_min_with_year: 0.8,
            fuzzy_min_without_year: 0.92,
            embedding_min_cosine: 0.7,
            embedding_min_cosine_without_year: 0.85,
        }
    }
}
