//! What of a log may be learned from, by name.

use super::WorldConfig;
use crate::Feedback;
use data::split::{LogSplit, Part, UserSplit, draw_items};
use data::{Dataset, Shown};
use mdp::ItemSet;
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

    /// The items that the world part of the log knows nothing of, drawn among those that no prompt showed; none unless the protocol
    /// is [`Protocol::ColdItems`].
    pub(super) fn cold_items(&self, n_items: usize, shown: &Shown, seed: u64) -> Option<ItemSet> {
        let drawn = || draw_items(n_items, self.cold_share, seed, &shown.items(n_items));
        (self.protocol == Protocol::ColdItems).then(drawn)
    }

    /// The log in its parts, as the protocol cuts it. What prompts showed is the world part's; of users without a log it is nobody's.
    pub(super) fn log_of(&self, dataset: &Dataset, split: &UserSplit, shown: &Shown, seed: u64) -> LogSplit {
        let log = LogSplit::draw(dataset, self.log_shares(), seed);
        let cold = self.cold_items(dataset.n_items(), shown, seed);
        if cold.is_none() && split.withheld.is_empty() && shown.is_empty() {
            return log;
        }
        log.dealt(|part, user, row| {
            let is_withheld = split.withheld.binary_search(&user).is_ok();
            let is_cold = cold.as_ref().is_some_and(|cold| cold.contains(row.item));
            match part {
                _ if shown.has(user, row.item) => (!is_withheld).then_some(Part::World),
                Part::World if is_cold || is_withheld => Some(Part::Judge),
                other => Some(other),
            }
        })
    }
}
