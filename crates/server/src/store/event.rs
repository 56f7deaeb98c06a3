//! What happens in sessions.

use crate::Arm;
use serde::{Deserialize, Serialize};

/// One event of one session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The session's id.
    pub session: String,
    /// Milliseconds since 1970.
    pub time_millis: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen. Items are named by their ids: the log outlives catalogues.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A session started.
    Started {
        /// Whose session, where that was said.
        user: Option<String>,
        /// The user's history, oldest first.
        history: Vec<Rated>,
    },
    /// A slate was shown.
    Shown {
        /// The request.
        request: String,
        /// The hash of the policy that chose.
        policy: String,
        /// The items in order.
        items: Vec<Shown>,
        /// In which arm of an experiment, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arm: Option<Arm>,
    },
    /// A user answered to an item.
    Answered {
        /// The item.
        item: String,
        /// What it was worth, on the scale of ratings.
        reward: f32,
        /// Whether the user left at it.
        left: bool,
        /// The probability with which it had been chosen; absent where it had not been shown in this session.
        propensity: Option<f32>,
        /// The hash of the policy that had chosen it.
        policy: Option<String>,
        /// The client's own name of the event: an event of this name counts once in its session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event_id: Option<String>,
        /// In which arm of an experiment it had been chosen, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arm: Option<Arm>,
    },
    /// What can be had changed; no event of a session.
    Availability {
        /// Items that cannot be had any more.
        withdrawn: Vec<String>,
        /// Items that can be had again.
        restored: Vec<String>,
    },
}

/// An item of a history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rated {
    /// The item's id.
    pub item: String,
    /// The rating, 1 to 5.
    pub rating: f32,
}

/// An item of a slate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The item's id.
    pub item: String,
    /// The probability of this item at this place, given those before it.
    pub propensity: f32,
}
