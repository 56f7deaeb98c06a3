//! The difference between two policies on the same users.

use crate::{EvaluationError, Interval, UserMean, UserTable, crossed};
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
    /// Whether one of them was trained once, so that the intervals say nothing about another training.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_training: bool,
}

impl Difference {
    /// Whether the whole interval of the sum of rewards lies above zero.
    pub fn is_above(&self) -> bool {
        self.r_traj.lo > 0.0
    }
}

/// Pairs two evaluations on the users they share. Pairing takes out what makes users differ, so it separates
/// policies whose own intervals overlap. Training seeds are not paired: the two may have different ones, or none.
///
/// # Errors
/// If the two have no user in common.
pub fn paired_difference(
    (policy, a): (&str, &UserTable),
    (against, b): (&str, &UserTable),
) -> Result<Difference, EvaluationError> {
    let common: Vec<UserIdx> = a.users.iter().copied().filter(|u| b.users.binary_search(u).is_ok()).collect();
    if common.is_empty() {
        return Err(EvaluationError::NoCommonUsers { a: policy.to_owned(), b: against.to_owned() });
    }
    let (a, b) = (a.restricted_to(&common), b.restricted_to(&common));
    let of = |value: fn(&UserMean) -> f64| crossed::interval(&a.column(value), &b.column(value));
    Ok(Difference {
        policy: policy.to_owned(),
        against: against.to_owned(),
        users: common.len(),
        r_traj: of(|mean| mean.r_traj),
        len: of(|mean| mean.len),
        one_training: a.is_one_training() || b.is_one_training(),
    })
}
