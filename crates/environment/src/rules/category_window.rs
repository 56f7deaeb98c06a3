//! A category of the new item already fills its share of the recent window; no repeats.

use crate::window::{BELOW, LENGTH, ON_FIRST_STEP, PUBLISHED_SLICES, SOFTNESS, TWO, Window, logistic};
use crate::{ExitModel, Feature, ItemFeatures, Leaving, LowReward, RuleEntry};
use mdp::{ExitReason, ItemIdx};
use std::sync::Arc;

pub(crate) const ENTRY: RuleEntry = RuleEntry {
    name: "category-window",
    about: "a user leaves after a low rating, or when several recent items already have a category of the new one; \
            nothing is shown twice",
    source: "ours, after the environments of DORL and ROLeR",
    needs: &[Feature::Categories],
    parameters: &[LENGTH, PUBLISHED_SLICES, TWO, BELOW, ON_FIRST_STEP, SOFTNESS],
    build: |parameters| {
        Arc::new(CategoryWindow {
            window: Window::of_parameters(parameters),
            count: parameters.count(TWO.name),
            low_reward: LowReward::of_parameters(parameters),
            softness: parameters.number(SOFTNESS.name),
        })
    },
    calibrate: None,
};

#[derive(Debug)]
struct CategoryWindow {
    window: Window,
    /// The user leaves when a category of the new item is already in this many recent ones.
    count: usize,
    low_reward: LowReward,
    softness: f32,
}

impl ExitModel for CategoryWindow {
    fn forbids_repeats(&self) -> bool {
        true
    }

    fn low_reward(&self) -> Option<LowReward> {
        Some(self.low_reward)
    }

    fn by_content(&self, item: ItemIdx, shown: &[ItemIdx], features: &ItemFeatures) -> Option<Leaving> {
        let recent = self.window.of(shown);
        let fills = |&c: &u16| recent.iter().filter(|&&other| features.shares_category(c, other)).count();
        let most = features.categories.as_ref()?[item.index()].iter().map(fills).max()?;
        let leaving = |probability| Leaving { reason: ExitReason::Category, matched: None, probability };
        if self.softness == 0.0 {
            return (most >= self.count).then_some(leaving(1.0));
        }
        // Half a count stands between the last number that is borne and the first that is not.
        let excess = most as f32 - self.count as f32 + 0.5;
        (most > 0).then(|| leaving(logistic(excess / self.softness)))
    }
}
