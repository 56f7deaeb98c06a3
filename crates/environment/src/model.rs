//! The seam for exit rules: what a rule says about leaving.

use crate::window::{BELOW, NearWindow, ON_FIRST_STEP};
use crate::{ItemFeatures, Parameters};
use mdp::{ExitReason, ItemIdx};
use std::sync::Arc;

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

    /// The same model with what it has to know of all items of an environment, which asks once; none where there is no such thing.
    /// It says what the model itself says, sooner.
    fn for_items(&self, _features: &ItemFeatures) -> Option<Arc<dyn ExitModel>> {
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
    /// A reward is low when it is strictly below this.
    pub below: f32,
    /// Whether the user can leave for it at the first recommendation already.
    pub on_first_step: bool,
    /// The user leaves at so many low rewards in a row; 1 for the first.
    pub patience: usize,
}

impl LowReward {
    /// As the parameters say.
    pub(crate) fn of_parameters(parameters: &Parameters) -> Self {
        let (below, on_first_step) = (parameters.number(BELOW.name), parameters.flag(ON_FIRST_STEP.name));
        Self { below, on_first_step, patience: 1 }
    }

    /// Whether so many low rewards in a row, the last one's included, end the session.
    pub fn ends(self, n_low: usize, is_first_step: bool) -> bool {
        n_low >= self.patience && (self.on_first_step || !is_first_step)
    }
}
