//! What of a log may be learned from, by name.

use super::WorldConfig;
use crate::Feedback;
use data::Dataset;
use data::split::{LogSplit, UserSplit, draw_items};
use mdp::{ItemIdx, ItemSet};
use serde::{Deserialize, Serialize};

/// What of a log may be learned from. Kept choices and test users are the same under all of them but the last; what may not be
/// learned from is handed to the judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// The world part of every training user's log.
    #[default]
    Warm,
    /// Without a share of the items, drawn from the seed (`cold_share`): what people made of them is the judge's to know. The
    /// catalogue, and demonstrations, may name them.
    ColdItems,
    /// Of a few users alone (`few_users`, training and validation users together); the logs of other training users are the
    /// judge's, and they may demonstrate.
    FewUsers,
    /// Two halves of the log, one for each world, and ratings alone, whatever else the settings say of feedback and shares.
    Published,
}

impl Protocol {
    /// Its name, as in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::ColdItems => "cold-items",
            Self::FewUsers => "few-users",
            Self::Published => "published",
        }
    }
}

impl WorldConfig {
    /// What results say of the protocol: its name, with the number of users where they are few.
    pub fn protocol_label(&self) -> String {
        match self.protocol {
            Protocol::FewUsers => format!("{} ({})", self.protocol.name(), self.few_users),
            other => other.name().to_owned(),
        }
    }

    /// The settings as the protocol has them.
    pub(super) fn under_protocol(&self) -> Self {
        match self.protocol {
            Protocol::Published => {
                Self { feedback: Feedback::Ratings, world_share: 0.5, kept_share: Some(0.0), ..self.clone() }
            }
            _ => self.clone(),
        }
    }

    /// The users as the protocol leaves them.
    pub(super) fn users_of(&self, split: UserSplit, seed: u64) -> UserSplit {
        match self.protocol {
            Protocol::FewUsers => split.with_few(self.few_users, seed),
            _ => split,
        }
    }

    /// The items that the world part of the log knows nothing of; none unless the protocol is [`Protocol::ColdItems`].
    pub(super) fn cold_items(&self, n_items: usize, seed: u64) -> Option<ItemSet> {
        (self.protocol == Protocol::ColdItems).then(|| draw_items(n_items, self.cold_share, seed))
    }

    /// The log in its parts, as the protocol cuts it.
    pub(super) fn log_of(&self, dataset: &Dataset, split: &UserSplit, seed: u64) -> LogSplit {
        let log = LogSplit::draw(dataset, self.log_shares(), seed);
        let cold = self.cold_items(dataset.n_items(), seed);
        if cold.is_none() && split.withheld.is_empty() {
            return log;
        }
        let is_cold = |item: ItemIdx| cold.as_ref().is_some_and(|cold| cold.contains(item));
        log.with_silence(|user, row| is_cold(row.item) || split.withheld.binary_search(&user).is_ok())
    }
}
