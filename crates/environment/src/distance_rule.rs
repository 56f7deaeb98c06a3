//! Leaving because the rating column of the new item is near to those of recent ones.

use crate::window::{COUNT, LENGTH, NearWindow};
use crate::{
    ExitModel, ItemFeatures, Leaving, LowReward, PUBLISHED_DISTANCE_HAZARD, Parameters, calibrated_distance,
};
use mdp::{ExitReason, ItemIdx};
use std::sync::Arc;

/// The model of the published rules.
#[derive(Debug)]
pub(crate) struct DistanceRule {
    near: NearWindow,
    low_reward: LowReward,
}

impl DistanceRule {
    /// Of the parameters of a near window and of leaving by reward.
    pub(crate) fn build(parameters: &Parameters) -> Arc<dyn ExitModel> {
        let near = NearWindow::of_parameters(parameters);
        Arc::new(Self { near, low_reward: LowReward::of_parameters(parameters) })
    }

    /// The threshold with the published hazard.
    pub(crate) fn calibrate(parameters: &Parameters, features: &ItemFeatures, seed: u64) -> f32 {
        let distances = features.distances.as_ref().expect("the features were checked");
        let (window, count) = (parameters.count(LENGTH.name), parameters.count(COUNT.name));
        calibrated_distance(distances.as_ref(), (window, count), PUBLISHED_DISTANCE_HAZARD, seed)
    }
}

impl ExitModel for DistanceRule {
    fn low_reward(&self) -> Option<LowReward> {
        Some(self.low_reward)
    }

    fn by_content(&self, item: ItemIdx, shown: &[ItemIdx], features: &ItemFeatures) -> Option<Leaving> {
        let distances = features.distances.as_ref()?;
        let margin = |other| self.near.threshold - distances.distance(item, other);
        self.near.leaving(ExitReason::Distance, shown, margin, |margin| margin > 0.0)
    }

    fn near_distances(&self) -> Option<NearWindow> {
        Some(self.near)
    }
}
