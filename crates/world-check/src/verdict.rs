//! Pass or fail.

use crate::{CheckRow, Explained};
use serde::{Deserialize, Serialize};

/// The judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the world is worth training in.
    pub is_sound: bool,
    /// What is wrong with it; for a sound world, what it has to offer.
    pub reasons: Vec<String>,
}

/// Rewards that deviate less than this, in rating units, are all the same to a user.
const LEAST_DEVIATION: f64 = 0.25;
/// Popularity at this share of the oracle leaves nothing to learn about recommending.
const NEAR_THE_ORACLE: f64 = 0.9;
/// An oracle below this multiple of uniform choice says that choices hardly matter.
const LEAST_GAIN: f64 = 1.2;
/// Below this share of the variance there is no taste to learn.
const LEAST_PAIR_SHARE: f64 = 0.01;

impl Verdict {
    /// Judges by the rows named `uniform`, `popularity` and `oracle`, where present, and by the variance.
    pub fn of(rows: &[CheckRow], explained: &Explained) -> Self {
        let r_traj = |name: &str| rows.iter().find(|row| row.policy == name).map(|row| row.r_traj);
        let (uniform, popularity, oracle) = (r_traj("uniform"), r_traj("popularity"), r_traj("oracle"));
        let mut problems = Vec::new();
        if explained.deviation < LEAST_DEVIATION {
            problems.push(format!("flat: rewards deviate by {:.2} from each other", explained.deviation));
        }
        if let (Some(uniform), Some(oracle)) = (uniform, oracle)
            && oracle < LEAST_GAIN * uniform
        {
            problems.push(format!("indifferent: the oracle earns {oracle:.1}, uniform choice {uniform:.1}"));
        }
        if let (Some(popularity), Some(oracle)) = (popularity, oracle)
            && popularity >= NEAR_THE_ORACLE * oracle
        {
            problems
                .push(format!("degenerate: popularity earns {popularity:.1} of the oracle's {oracle:.1}"));
        }
        if explained.deviation >= LEAST_DEVIATION && explained.pair < LEAST_PAIR_SHARE {
            let percent = 100.0 * explained.pair;
            problems.push(format!("impersonal: {percent:.1} % of the variance is a matter of taste"));
        }
        if !problems.is_empty() {
            return Self { is_sound: false, reasons: problems };
        }
        let earns = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
        let (uniform, popularity, oracle) = (earns(uniform), earns(popularity), earns(oracle));
        Self {
            is_sound: true,
            reasons: vec![format!("uniform {uniform}, popularity {popularity}, oracle {oracle}")],
        }
    }

    /// Adds what else is wrong.
    pub fn add(&mut self, problems: &[String]) {
        if problems.is_empty() {
            return;
        }
        if std::mem::replace(&mut self.is_sound, false) {
            self.reasons.clear();
        }
        self.reasons.extend_from_slice(problems);
    }
}
