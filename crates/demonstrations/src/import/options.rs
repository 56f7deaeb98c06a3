//! What an import may be told.

use crate::{DemonstrationError, GroundingConfig};
use serde::{Deserialize, Serialize};

/// The formats that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// BiLLP trajectories: the original JSON layout, or one JSON object per line.
    Billp,
    /// Ranked lists: CSV with user, rank, and title or item.
    Lists,
}

impl Format {
    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Billp => "billp",
            Self::Lists => "lists",
        }
    }

    /// The format a word names.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Billp, Self::Lists].into_iter().find(|format| format.word() == word)
    }
}

/// How a record becomes sessions of the train world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Play {
    /// Items are shown in order; after an exit or the horizon the rest goes on as a new session.
    #[default]
    Segments,
    /// The session ends at its first exit, the rest is counted as unplayed.
    FirstExit,
    /// Nothing is played: rewards are read from the train world, the end is the recorded one. What the published
    /// learner trains on; only for records that have an end.
    Recorded,
}

/// What to do with a step at which the source's user stopped and whose item was not the one the expert named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalFallback {
    /// It stays.
    #[default]
    Keep,
    /// It is left out, and the step before it becomes the last.
    Drop,
    /// Its reward becomes -1000.
    #[serde(rename = "reward_minus1000")]
    RewardMinus1000,
    /// Its reward becomes 0.
    RewardZero,
}

impl TerminalFallback {
    /// The reward it sets, if it sets one.
    pub(crate) fn reward(self) -> Option<f32> {
        match self {
            Self::Keep | Self::Drop => None,
            Self::RewardMinus1000 => Some(-1000.0),
            Self::RewardZero => Some(0.0),
        }
    }
}

/// The settings of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// How records become sessions.
    pub play: Play,
    /// What to do with a replaced step at which the user stopped.
    pub terminal_fallback: TerminalFallback,
    /// The seed with which the users of all records are dealt out among the records anew: a control, in which whose
    /// taste a record shows says nothing. Left out, every record stays with its user.
    pub shuffle_users: Option<u64>,
    /// How texts become items.
    pub grounding: GroundingConfig,
}

impl ImportOptions {
    /// Refuses options that exclude each other.
    pub(crate) fn check(&self, format: Format) -> Result<(), DemonstrationError> {
        let contradiction = |what| Err(DemonstrationError::Contradiction(what));
        match (format, self.play) {
            (Format::Lists, Play::Recorded) => contradiction("ranked lists have no recorded end to keep"),
            (Format::Lists, _) if self.terminal_fallback != TerminalFallback::Keep => {
                contradiction("ranked lists have no step at which a user stopped")
            }
            (_, Play::Segments | Play::FirstExit) if self.terminal_fallback.reward().is_some() => {
                contradiction("a reward can be overridden only when records are not played")
            }
            _ => Ok(()),
        }
    }
}
