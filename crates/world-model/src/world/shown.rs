//! What became of the ratings that the prompts behind demonstrations showed.

use super::WorldConfig;
use data::split::{LogSplit, UserSplit, draw_items};
use data::{Dataset, Shown};
use mdp::{Histories, ItemIdx, ItemSet, UserIdx};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What became of the ratings of the log that prompts showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownReport {
    /// Users whose prompt showed something.
    pub n_users: usize,
    /// Those of them who have no log to learn from: what their prompts showed is in no part.
    pub n_withheld: usize,
    /// Ratings of the log that prompts showed; all are in the world part, but for those of users without a log.
    pub n_ratings: usize,
    /// How many of them would be the judge's.
    pub from_judge: usize,
    /// How many of them would be kept for nobody.
    pub from_kept: usize,
    /// Where the protocol has cold items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold: Option<ColdReport>,
}

/// How cold items were drawn among those that no prompt showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColdReport {
    /// How many are cold.
    pub n_cold: usize,
    /// Among how many they were drawn.
    pub n_never_shown: usize,
    /// How many the share asks for.
    pub n_wanted: usize,
    /// Users whose lists would have been left out had cold items been drawn among all: their prompts showed one.
    pub n_users_left_out_otherwise: usize,
}

impl fmt::Display for ShownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_users, n_withheld, n_ratings, from_judge, from_kept, cold } = self;
        write!(
            f,
            "prompts showed {n_ratings} ratings of {n_users} users, which are in the world part ({from_judge} would be the \
             judge's, {from_kept} kept)"
        )?;
        if *n_withheld > 0 {
            write!(f, "; those of {n_withheld} users without a log are in none")?;
        }
        let Some(ColdReport { n_cold, n_never_shown, n_wanted, n_users_left_out_otherwise }) = cold else {
            return Ok(());
        };
        write!(
            f,
            "; {n_cold} cold items (of {n_wanted} wanted) were drawn among {n_never_shown} that no prompt showed; drawn among all, \
             the lists of {n_users_left_out_otherwise} users would have to be left out"
        )
    }
}

impl WorldConfig {
    /// What became of the ratings that prompts showed; nothing where there are none.
    pub(super) fn shown_report(
        &self,
        dataset: &Dataset,
        split: &UserSplit,
        shown: &Shown,
        seed: u64,
    ) -> Option<ShownReport> {
        let log = LogSplit::draw(dataset, self.log_shares(), seed);
        let count = |part: &Histories| {
            let rows = (0..).map(UserIdx).zip(part.iter());
            rows.map(|(user, rows)| rows.iter().filter(|row| shown.has(user, row.item)).count())
                .sum::<usize>()
        };
        let [world, from_judge, from_kept] = [&log.world, &log.judge, &log.kept].map(count);
        let cold = self.cold_items(dataset.n_items(), shown, seed).map(|cold| {
            let plain =
                draw_items(dataset.n_items(), self.cold_share, seed, &ItemSet::empty(dataset.n_items()));
            let knows = |list: &&[ItemIdx]| list.iter().any(|item| plain.contains(*item));
            ColdReport {
                n_cold: cold.len(),
                n_never_shown: dataset.n_items() - shown.items(dataset.n_items()).len(),
                n_wanted: plain.len(),
                n_users_left_out_otherwise: shown.by_user().filter(knows).count(),
            }
        });
        (!shown.is_empty()).then(|| ShownReport {
            n_users: shown.by_user().count(),
            n_withheld: split.withheld.iter().filter(|user| shown.any_of(**user)).count(),
            n_ratings: world + from_judge + from_kept,
            from_judge,
            from_kept,
            cold,
        })
    }
}

#[cfg(test)]
mod tests;
