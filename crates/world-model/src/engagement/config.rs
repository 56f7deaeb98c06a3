//! Settings of feedback in two parts.

use crate::WorldError;
use serde::{Deserialize, Serialize};

/// What a world's users answer with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feedback {
    /// The rating that they would give, as if they took up everything that is shown.
    Ratings,
    /// Whether they take it up at all, and the rating that they give if they do.
    #[default]
    Engagement,
}

/// What the odds of a choice are fitted to beside popularity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngagementFamily {
    /// EASE (Steck 2019).
    Ease,
    /// Cosines of columns (`ItemKNN`).
    ItemKnn,
    /// Nothing: a world of this family knows no taste, and its check has to say so.
    Popularity,
}

impl EngagementFamily {
    /// Its name, as in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ease => "ease",
            Self::ItemKnn => "item-knn",
            Self::Popularity => "popularity",
        }
    }
}

/// Settings of who takes up what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngagementConfig {
    /// The mean probability with which held-out choices of the world's own part are taken up when they are shown. No log says it.
    pub base_rate: f64,
    /// What an item earns that is not taken up, in rating units.
    pub skipped: f32,
    /// The train world's model.
    pub train: EngagementFamily,
    /// The judge's; another family than the train world's, or a learner that is right about the model is right about people.
    pub judge: EngagementFamily,
}

impl Default for EngagementConfig {
    fn default() -> Self {
        Self { base_rate: 0.2, skipped: 1.0, train: EngagementFamily::ItemKnn, judge: EngagementFamily::Ease }
    }
}

impl EngagementConfig {
    /// Refuses settings without a meaning.
    pub(crate) fn check(&self) -> Result<(), WorldError> {
        let refuse = |setting, expected, got: String| Err(WorldError::Setting { setting, expected, got });
        if !(self.base_rate > 0.0 && self.base_rate <= LARGEST_BASE_RATE) {
            return refuse("engagement.base_rate", "above 0 and at most 0.9", self.base_rate.to_string());
        }
        if !(1.0..=5.0).contains(&self.skipped) {
            return refuse("engagement.skipped", "between 1 and 5", self.skipped.to_string());
        }
        Ok(())
    }
}

/// Beyond this nearly every choice is taken up for certain, and the order of policies is lost.
const LARGEST_BASE_RATE: f64 = 0.9;
