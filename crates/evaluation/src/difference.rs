//! The difference between two policies on the same users.

use crate::bootstrap::drawn_mean;
use crate::{BootstrapPlan, EvaluationError, Interval, UserTable};
use mdp::UserIdx;
use serde::{Deserialize, Serialize};

/// How much more one policy earned than another, user by user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The policy whose advantage this is.
    pub policy: String,
    /// The policy it is compared with.
    pub against: String,
    /// How many users both were evaluated on.
    pub users: usize,
    /// Difference of the mean sum of rewards, positive where `policy` is better.
    pub r_traj: Interval,
    /// Difference of the mean length.
    pub len: Interval,
}

impl Difference {
    /// Whether the whole interval of the sum of rewards lies above zero.
    pub fn is_above(&self) -> bool {
        self.r_traj.lo > 0.0
    }
}

/// Pairs two evaluations on the users they share. Pairing takes out what makes users differ, so it separates
/// policies whose own intervals overlap. Training seeds of the two are resampled independently.
///
/// # Errors
/// If the two have no user in common or the plan gives no interval.
pub fn paired_difference(
    (policy, a): (&str, &UserTable),
    (against, b): (&str, &UserTable),
    plan: &BootstrapPlan,
) -> Result<Difference, EvaluationError> {
    plan.check()?;
    let common: Vec<UserIdx> = a.users.iter().copied().filter(|u| b.users.binary_search(u).is_ok()).collect();
    if common.is_empty() {
        return Err(EvaluationError::NoCommonUsers { a: policy.to_owned(), b: against.to_owned() });
    }
    let (a, b) = (a.restricted_to(&common), b.restricted_to(&common));
    let [r_traj, len] = plan.intervals(common.len(), &[a.seeds.len(), b.seeds.len()], |resample| {
        let mean = |table: &UserTable, seeds: &[f64], of: fn(&crate::UserMean) -> f64| {
            drawn_mean(&resample.users, seeds, |seed, user| of(&table.seeds[seed].means[user]))
        };
        let difference = |of| mean(&a, &resample.seeds[0], of) - mean(&b, &resample.seeds[1], of);
        [difference(|m| m.r_traj), difference(|m| m.len)]
    });
    Ok(Difference {
        policy: policy.to_owned(),
        against: against.to_owned(),
        users: common.len(),
        r_traj,
        len,
    })
}
