//! The seam for exit rules: what a rule says about leaving.

use crate::window::{BELOW, NearWindow, ON_FIRST_STEP};
use crate::{ItemFeatures, Parameters};
use mdp::{ExitReason, ItemIdx};

/// When a user leaves. It has no state: what was shown is an argument.
pub trait ExitModel: std::fmt::Debug + Send + Sync {
    /// Whether showing an item twice ends the session.
    fn forbids_repeats(&self) -> bool {
        false
    }

    /// The part that looks at the reward, if there is one.
    fn low_reward(&self) -> Option<LowReward> {
        None
    }

    /// How likely the content of `item` ends a session that has `shown` these items, oldest first; none where it cannot.
    /// The environment draws, so that a rule needs no randomness.
    fn by_content(&self, _item: ItemIdx, _shown: &[ItemIdx], _features: &ItemFeatures) -> Option<Leaving> {
        None
    }

    /// The window, where a new item near to recent ones in rating columns is all that [`ExitModel::by_content`] looks at,
    /// with [`ExitReason::Distance`]: sessions side by side then compare whole blocks at once.
    fn near_distances(&self) -> Option<NearWindow> {
        None
    }
}

/// How an item's content may end a session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leaving {
    /// Why.
    pub reason: ExitReason,
    /// The recent item that did it, where there is one.
    pub matched: Option<ItemIdx>,
    /// How likely, from 0 to 1. At 1 nothing is drawn.
    pub probability: f32,
}

/// The part of a rule that looks at the reward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowReward {
    /// The user leaves when the reward is strictly below this.
    pub below: f32,
    /// Whether this can happen at the first recommendation already.
    pub on_first_step: bool,
}

impl LowReward {
    /// As the parameters say.
    pub(crate) fn of_parameters(parameters: &Parameters) -> Self {
        Self { below: parameters.number(BELOW.name), on_first_step: parameters.flag(ON_FIRST_STEP.name) }
    }

    /// Whether the reward alone ends the session.
    pub(crate) fn ends(self, reward: f32, is_first_step: bool) -> bool {
        reward < self.below && (self.on_first_step || !is_first_step)
    }
}
