//! Leaving because the rating column of the new item is near to those of recent ones.

use crate::window::NearWindow;
use crate::{
    Calibration, ExitModel, ItemFeatures, Leaving, LowReward, PUBLISHED_DISTANCE_HAZARD, Parameters,
};
use mdp::{ExitReason, ItemIdx};
use std::sync::Arc;

/// The model of the published rules.
#[derive(Debug)]
pub(crate) struct DistanceRule {
    near: NearWindow,
    low_reward: Option<LowReward>,
}

impl DistanceRule {
    /// Of the parameters of a near window and of leaving by reward.
    pub(crate) fn build(parameters: &Parameters) -> Arc<dyn ExitModel> {
        let near = NearWindow::of_parameters(parameters);
        Arc::new(Self { near, low_reward: Some(LowReward::of_parameters(parameters)) })
    }

    /// Of the parameters of a near window alone.
    pub(crate) fn build_without_low_reward(parameters: &Parameters) -> Arc<dyn ExitModel> {
        Arc::new(Self { near: NearWindow::of_parameters(parameters), low_reward: None })
    }

    /// The threshold with the published hazard.
    pub(crate) const CALIBRATION: Calibration = Calibration {
        hazard: PUBLISHED_DISTANCE_HAZARD,
        fit: |uniform, features| {
            uniform.distance(features.distances.as_deref().expect("the features were checked"))
        },
    };
}

impl ExitModel for DistanceRule {
    fn low_reward(&self) -> Option<LowReward> {
        self.low_reward
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
