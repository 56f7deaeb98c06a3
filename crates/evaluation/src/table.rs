//! Sessions reduced to one number pair per training seed and user: the unit that intervals resample.

use crate::EvaluationError;
use mdp::{Trajectory, UserIdx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The sessions of one policy under one pair of seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rollouts {
    /// The seed the policy was trained with; none for what is not trained.
    pub training_seed: Option<u64>,
    /// The seed of the sessions.
    pub eval_seed: u64,
    /// One or more sessions per user.
    pub trajectories: Vec<Trajectory>,
}

/// What one user got from one trained policy, averaged over that user's sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UserMean {
    /// Mean sum of rewards of a session.
    pub r_traj: f64,
    /// Mean number of steps of a session, the exit step included.
    pub len: f64,
}

/// One trained policy on every user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingSeedMeans {
    /// The seed the policy was trained with; none for what is not trained.
    pub training_seed: Option<u64>,
    /// One entry per user of the table.
    pub means: Vec<UserMean>,
}

/// Training seeds crossed with users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserTable {
    /// The users, ascending; every training seed was evaluated on all of them.
    pub users: Vec<UserIdx>,
    /// One entry per training seed, ascending.
    pub seeds: Vec<TrainingSeedMeans>,
}

impl UserTable {
    /// Averages sessions (already scored) within training seed and user. Sessions without a step (the user's
    /// history is the whole catalogue) are left out, for every policy alike.
    ///
    /// # Errors
    /// If there is no session or training seeds saw different users.
    pub fn of(rollouts: &[Rollouts]) -> Result<Self, EvaluationError> {
        let mut sums: BTreeMap<Option<u64>, BTreeMap<UserIdx, (UserMean, f64)>> = BTreeMap::new();
        for rollout in rollouts {
            let users = sums.entry(rollout.training_seed).or_default();
            for session in rollout.trajectories.iter().filter(|session| !session.steps.is_empty()) {
                let (sum, n_sessions) = users.entry(session.user).or_default();
                sum.r_traj += session.steps.iter().map(|step| f64::from(step.reward)).sum::<f64>();
                sum.len += session.steps.len() as f64;
                *n_sessions += 1.0;
            }
        }
        let users: Vec<UserIdx> = sums.values().next().into_iter().flat_map(|u| u.keys().copied()).collect();
        if users.is_empty() {
            return Err(EvaluationError::NoSessions);
        }
        let mut seeds = Vec::with_capacity(sums.len());
        for (training_seed, by_user) in sums {
            if !by_user.keys().eq(users.iter()) {
                return Err(EvaluationError::UsersDiffer { training_seed });
            }
            let mean = |(sum, n): &(UserMean, f64)| UserMean { r_traj: sum.r_traj / n, len: sum.len / n };
            seeds.push(TrainingSeedMeans { training_seed, means: by_user.values().map(mean).collect() });
        }
        Ok(Self { users, seeds })
    }

    /// A number of every user, `[training seed][user]`.
    pub(crate) fn column(&self, of: fn(&UserMean) -> f64) -> Vec<Vec<f64>> {
        self.seeds.iter().map(|seed| seed.means.iter().map(of).collect()).collect()
    }

    /// Whether this was trained, and once only.
    pub(crate) fn is_one_training(&self) -> bool {
        matches!(self.seeds[..], [TrainingSeedMeans { training_seed: Some(_), .. }])
    }

    /// The part of the table on `users`, which must be ascending; users it does not have are left out.
    pub fn restricted_to(&self, users: &[UserIdx]) -> Self {
        let kept: Vec<usize> =
            (0..self.users.len()).filter(|&row| users.binary_search(&self.users[row]).is_ok()).collect();
        Self {
            users: kept.iter().map(|&row| self.users[row]).collect(),
            seeds: self
                .seeds
                .iter()
                .map(|seed| TrainingSeedMeans {
                    training_seed: seed.training_seed,
                    means: kept.iter().map(|&row| seed.means[row]).collect(),
                })
                .collect(),
        }
    }
}
