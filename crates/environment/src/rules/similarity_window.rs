//! Text similarity to recent items, for catalogues without categories; no repeats.

use crate::window::{BELOW, LENGTH, NearWindow, ON_FIRST_STEP, PUBLISHED_SLICES, SIMILARITY, SOFTNESS, TWO};
use crate::{
    Calibration, DEFAULT_SIMILARITY_HAZARD, ExitModel, Feature, ItemFeatures, Leaving, LowReward, RuleEntry,
};
use mdp::{ExitReason, ItemIdx};
use std::sync::Arc;

pub(crate) const ENTRY: RuleEntry = RuleEntry {
    name: "similarity-window",
    about: "a user leaves after a low rating, or when the text of the new item is much like that of several recent ones; \
            nothing is shown twice",
    source: "ours, after category-window",
    needs: &[Feature::Texts],
    parameters: &[LENGTH, PUBLISHED_SLICES, TWO, SIMILARITY, BELOW, ON_FIRST_STEP, SOFTNESS],
    build: |parameters| {
        let near = NearWindow::of_parameters(parameters);
        Arc::new(SimilarityWindow { near, low_reward: LowReward::of_parameters(parameters) })
    },
    calibrate: Some(Calibration {
        hazard: DEFAULT_SIMILARITY_HAZARD,
        fit: |uniform, features| {
            uniform.similarity(features.texts.as_deref().expect("the features were checked"))
        },
    }),
};

#[derive(Debug)]
struct SimilarityWindow {
    near: NearWindow,
    low_reward: LowReward,
}

impl ExitModel for SimilarityWindow {
    fn forbids_repeats(&self) -> bool {
        true
    }

    fn low_reward(&self) -> Option<LowReward> {
        Some(self.low_reward)
    }

    fn by_content(&self, item: ItemIdx, shown: &[ItemIdx], features: &ItemFeatures) -> Option<Leaving> {
        let texts = features.texts.as_ref()?;
        let margin = |other| texts.similarity(item, other) - self.near.threshold;
        self.near.leaving(ExitReason::Similarity, shown, margin, |margin| margin >= 0.0)
    }
}
