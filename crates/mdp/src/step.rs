//! One step of a session, how a step can end it, and whole sessions.

use crate::{ItemIdx, UserIdx};
use serde::{Deserialize, Serialize};

/// One line of the log: what a user thought of an item, and when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interaction {
    /// The item.
    pub item: ItemIdx,
    /// The rating on the 1 to 5 scale.
    pub rating: f32,
    /// Unix seconds, or the position in the user's sequence where the log has no clock.
    pub time: i64,
}

/// Why a user left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// The reward of the item was below the rule's limit.
    LowReward,
    /// The item was too near to a recent one in rating columns.
    Distance,
    /// A category of the item already filled the recent window.
    Category,
    /// The item's text was too similar to recent ones.
    Similarity,
    /// The item had been shown in this session before, where the rule forbids it.
    Repeat,
}

/// How a step ends. A time limit is not a termination, so there is no `done`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEnd {
    /// The session goes on.
    Continues,
    /// The user left: no reward can follow.
    Terminated(ExitReason),
    /// The horizon cut the session: rewards would have followed, so targets bootstrap.
    Truncated,
}

impl StepEnd {
    /// Whether the session goes on after this step.
    pub fn continues(self) -> bool {
        matches!(self, Self::Continues)
    }

    /// Whether the user left.
    pub fn is_terminated(self) -> bool {
        matches!(self, Self::Terminated(_))
    }
}

/// One recommendation and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What was shown.
    pub item: ItemIdx,
    /// The environment's reward; the exit step's reward is recorded too.
    pub reward: f32,
    /// Natural logarithm of the probability with which the acting policy chose the item.
    pub log_prob_behavior: f32,
    /// How the step ended.
    pub end: StepEnd,
}

/// One session of one user, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trajectory {
    /// Whose session.
    pub user: UserIdx,
    /// The steps; only the last one may end the session.
    pub steps: Vec<Step>,
}
