//! Whether users leave alike in both worlds: where they do not, one name stands for two rules.

use crate::CheckRow;
use mdp::ExitReason;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A reference policy that loses its users in one world much more often than in the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HazardDifference {
    /// The policy.
    pub policy: String,
    /// Why its users leave.
    pub reason: ExitReason,
    /// The share of its exposed steps ([`CheckRow::exposed_hazards`]) in the train world that ended their session so.
    pub train: f64,
    /// The same in the judge world.
    pub judge: f64,
}

/// Policies that are not made for either world.
pub(crate) const REFERENCES: [&str; 3] = ["uniform", "greedy", "popularity"];
/// Hazards differ when one is more than so many times the other,
const FACTOR: f64 = 1.5;
/// and by more than this share of the exposed steps,
const LEAST_DIFFERENCE: f64 = 0.01;
/// of which each world has this many at least.
const FEWEST_STEPS: usize = 100;

impl HazardDifference {
    /// The differences between the rows of two checks, of `uniform`, `greedy` and `popularity`, as far as both have them, by what was
    /// shown (what is liked is for each world to say, and `greedy` knows one of them): hazards that
    /// are apart by more than a factor of 1.5 and by more than one percentage point. A reason that one of the two worlds does not
    /// know has a hazard of 0 there.
    pub fn all(train: &[CheckRow], judge: &[CheckRow]) -> Vec<Self> {
        let pairs = REFERENCES.iter().filter_map(|name| Some((row(train, name)?, row(judge, name)?)));
        pairs.flat_map(|(train, judge)| Self::of_rows(train, judge)).collect()
    }

    fn of_rows(train: &CheckRow, judge: &CheckRow) -> Vec<Self> {
        let reasons: BTreeSet<ExitReason> = match train.n_exposed.min(judge.n_exposed) < FEWEST_STEPS {
            true => BTreeSet::new(),
            false => train.exposed_hazards.keys().chain(judge.exposed_hazards.keys()).copied().collect(),
        };
        let hazard = |row: &CheckRow, reason| row.exposed_hazards.get(&reason).copied().unwrap_or(0.0);
        let difference = |&reason: &ExitReason| {
            let policy = || train.policy.clone();
            let (train, judge) = (hazard(train, reason), hazard(judge, reason));
            let (less, more) = (train.min(judge), train.max(judge));
            let differ = more > FACTOR * less && more - less > LEAST_DIFFERENCE;
            differ.then(|| Self { policy: policy(), reason, train, judge })
        };
        reasons.iter().filter_map(difference).collect()
    }
}

fn row<'a>(rows: &'a [CheckRow], policy: &str) -> Option<&'a CheckRow> {
    rows.iter().find(|row| row.policy == policy)
}

impl std::fmt::Display for HazardDifference {
    /// A reason like those of a verdict, its name first.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { policy, reason, train, judge } = self;
        let why = match reason {
            ExitReason::LowReward => "for a low reward",
            ExitReason::Distance => "for a near rating column",
            ExitReason::Category => "for its categories",
            ExitReason::Similarity => "for a similar text",
            ExitReason::Repeat => "for a repeat",
        };
        let (train, judge) = (100.0 * train, 100.0 * judge);
        write!(
            f,
            "two rules: {policy} is left {why} in {train:.1} % of its steps in the train world, in {judge:.1} % in the judge"
        )
    }
}
