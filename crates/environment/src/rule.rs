//! Exit rules as named data.

use crate::{EnvironmentError, ItemFeatures};
use mdp::{ExitReason, ItemIdx};
use serde::{Deserialize, Serialize};

/// The part of a rule that looks at the reward.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowReward {
    /// The user leaves when the reward is strictly below this.
    pub below: f32,
    /// Whether this can happen at the first recommendation already.
    pub on_first_step: bool,
}

/// Which of the earlier items count as recent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// How many items.
    pub length: usize,
    /// Reproduces the published slice `sequence[t - length : t]`, whose start is negative in the first steps.
    pub published_slices: bool,
}

impl Window {
    /// The recent part of `shown`, oldest first.
    ///
    /// # Source
    /// The published slice counts a negative start from the end, so a window of 4 holds 1, 2, 1, 4 items at
    /// steps 1 to 4 (the environments of DORL and ROLeR).
    pub fn of<'a>(&self, shown: &'a [ItemIdx]) -> &'a [ItemIdx] {
        let n_shown = shown.len();
        let start = if self.published_slices && n_shown < self.length {
            (2 * n_shown).saturating_sub(self.length)
        } else {
            n_shown.saturating_sub(self.length)
        };
        &shown[start..]
    }
}

/// Leaving because a category is overdone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryWindow {
    /// The recent items.
    pub window: Window,
    /// The user leaves when a category of the new item is already in this many of them.
    pub count: usize,
    /// Leaving by reward.
    pub low_reward: LowReward,
}

/// Leaving because the new item is like recent ones: by rating-column distance or by text similarity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NearWindow {
    /// The recent items.
    pub window: Window,
    /// How many of them must be near.
    pub count: usize,
    /// Near means a distance strictly below this, or a cosine similarity of at least this.
    pub threshold: f32,
    /// Leaving by reward.
    pub low_reward: LowReward,
}

/// When a user leaves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "name")]
pub enum ExitRule {
    /// Never, before the horizon.
    None,
    /// The released IL-Rec environment (`docs/spec/released-code.md#environment`): low reward also at the first step,
    /// or a near rating column.
    Ilrec(NearWindow),
    /// BiLLP's environment: the first recommendation never ends the session.
    Billp(NearWindow),
    /// A category of the new item already fills its share of the recent window; no repeats.
    CategoryWindow(CategoryWindow),
    /// The same with text similarity, for catalogues without categories; no repeats.
    SimilarityWindow(NearWindow),
}

const LOW: LowReward = LowReward { below: 2.0, on_first_step: true };
const RECENT: Window = Window { length: 4, published_slices: false };

impl ExitRule {
    /// The default of our own worlds: window 4, count 2, low reward below 2, no repeats.
    pub fn category_window() -> Self {
        Self::CategoryWindow(CategoryWindow { window: RECENT, count: 2, low_reward: LOW })
    }

    /// Text similarity of at least `threshold` to 2 of the last 4; no repeats.
    pub fn similarity_window(threshold: f32) -> Self {
        Self::SimilarityWindow(NearWindow { window: RECENT, count: 2, threshold, low_reward: LOW })
    }

    /// The released rule; the published thresholds are 15 (Amazon) and 50 (Steam).
    pub fn ilrec(threshold: f32) -> Self {
        Self::Ilrec(NearWindow { window: RECENT, count: 1, threshold, low_reward: LOW })
    }

    /// BiLLP's rule.
    pub fn billp(threshold: f32) -> Self {
        let low_reward = LowReward { on_first_step: false, ..LOW };
        Self::Billp(NearWindow { window: RECENT, count: 1, threshold, low_reward })
    }

    /// The name in every result.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ilrec(_) => "ilrec",
            Self::Billp(_) => "billp",
            Self::CategoryWindow(_) => "category-window",
            Self::SimilarityWindow(_) => "similarity-window",
        }
    }

    /// Whether showing an item twice ends the session.
    pub fn forbids_repeats(&self) -> bool {
        matches!(self, Self::CategoryWindow(_) | Self::SimilarityWindow(_))
    }

    /// The reward part, if the rule has one.
    pub fn low_reward(&self) -> Option<LowReward> {
        match self {
            Self::None => None,
            Self::CategoryWindow(rule) => Some(rule.low_reward),
            Self::Ilrec(rule) | Self::Billp(rule) | Self::SimilarityWindow(rule) => Some(rule.low_reward),
        }
    }

    /// Whether the rule finds what it looks at.
    ///
    /// # Errors
    /// When the features lack it.
    pub fn check(&self, features: &ItemFeatures) -> Result<(), EnvironmentError> {
        let missing = match self {
            Self::CategoryWindow(_) if features.categories.is_none() => "item categories",
            Self::SimilarityWindow(_) if features.texts.is_none() => "item texts",
            Self::Ilrec(_) | Self::Billp(_) if features.distances.is_none() => "rating-column distances",
            _ => return Ok(()),
        };
        Err(EnvironmentError::MissingFeatures { rule: self.name(), missing })
    }

    /// Whether the reward alone ends the session.
    pub(crate) fn ends_by_reward(&self, reward: f32, is_first_step: bool) -> bool {
        self.low_reward().is_some_and(|low| reward < low.below && (low.on_first_step || !is_first_step))
    }

    /// Whether the content of `item` ends a session that has `shown` these items, oldest first, and the recent
    /// item that did it where there is one.
    pub(crate) fn ends_by_content(
        &self,
        item: ItemIdx,
        shown: &[ItemIdx],
        features: &ItemFeatures,
    ) -> Option<(ExitReason, Option<ItemIdx>)> {
        if self.forbids_repeats() && shown.contains(&item) {
            return Some((ExitReason::Repeat, Some(item)));
        }
        match self {
            Self::None => None,
            Self::CategoryWindow(rule) => {
                let recent = rule.window.of(shown);
                let categories = &features.categories.as_ref()?[item.index()];
                let fills = |c: &u16| recent.iter().filter(|&&b| features.shares_category(*c, b)).count();
                (categories.iter().any(|c| fills(c) >= rule.count)).then_some((ExitReason::Category, None))
            }
            Self::SimilarityWindow(rule) => {
                let texts = features.texts.as_ref()?;
                let is_near = |b: ItemIdx| texts.similarity(item, b) >= rule.threshold;
                near(rule, shown, is_near).map(|b| (ExitReason::Similarity, Some(b)))
            }
            Self::Ilrec(rule) | Self::Billp(rule) => {
                let distances = features.distances.as_ref()?;
                let is_near = |b: ItemIdx| distances.distance(item, b) < rule.threshold;
                near(rule, shown, is_near).map(|b| (ExitReason::Distance, Some(b)))
            }
        }
    }
}

/// The newest item with which the count of near recent items is reached.
fn near(rule: &NearWindow, shown: &[ItemIdx], is_near: impl Fn(ItemIdx) -> bool) -> Option<ItemIdx> {
    let mut near = rule.window.of(shown).iter().rev().copied().filter(|&b| is_near(b));
    near.nth(rule.count.saturating_sub(1))
}
