//! What a reference policy earns, and why its users leave.

use environment::{Environment, EnvironmentError, Start, rollout};
use mdp::{ExitReason, Policy, Step, StepEnd, Trajectory};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One reference policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckRow {
    /// Its name.
    pub policy: String,
    /// Mean sum of rewards of a session, the exit step's included.
    pub r_traj: f64,
    /// Mean number of steps, the exit step included.
    pub len: f64,
    /// Share of all steps that ended their session, by reason: the hazard a user faces at each step.
    pub hazards: BTreeMap<ExitReason, f64>,
    /// Steps from the fifth on that no low reward ended, so that what was shown could end them and windows are full.
    #[serde(default)]
    pub n_exposed: usize,
    /// Share of these that ended their session, by reason: comparable between worlds whose users like other things.
    #[serde(default)]
    pub exposed_hazards: BTreeMap<ExitReason, f64>,
}

/// Where the windows of most rules are full.
const FULL_FROM: usize = 4;

impl CheckRow {
    /// Runs one session per start.
    pub(crate) fn of(
        environment: &Environment,
        (name, policy): (&str, &dyn Policy),
        starts: &[Start<'_>],
        seed: u64,
    ) -> Result<Self, EnvironmentError> {
        Ok(Self::of_sessions(name.to_owned(), &rollout(environment, policy, starts, seed)?))
    }

    /// Summarises sessions; all zeros if there are none.
    pub(crate) fn of_sessions(policy: String, sessions: &[Trajectory]) -> Self {
        let (mut sum, mut n_steps, mut ends) = (0.0, 0.0, BTreeMap::new());
        for step in sessions.iter().flat_map(|session| &session.steps) {
            sum += f64::from(step.reward);
            n_steps += 1.0;
            if let StepEnd::Terminated(reason) = step.end {
                *ends.entry(reason).or_insert(0.0) += 1.0;
            }
        }
        let n_sessions = sessions.len().max(1) as f64;
        let hazards = ends.into_iter().map(|(reason, n): (_, f64)| (reason, n / n_steps)).collect();
        let exposed: Vec<&Step> = sessions
            .iter()
            .flat_map(|session| session.steps.iter().skip(FULL_FROM))
            .filter(|step| step.end != StepEnd::Terminated(ExitReason::LowReward))
            .collect();
        let mut exposed_hazards = BTreeMap::new();
        for step in &exposed {
            if let StepEnd::Terminated(reason) = step.end {
                *exposed_hazards.entry(reason).or_insert(0.0) += 1.0 / exposed.len() as f64;
            }
        }
        let (r_traj, len) = (sum / n_sessions, n_steps / n_sessions);
        Self { policy, r_traj, len, hazards, n_exposed: exposed.len(), exposed_hazards }
    }
}
