//! A policy meets simulated users.

use crate::{Environment, EnvironmentError, SessionSeed};
use mdp::{Interaction, ItemSet, Policy, SessionContext, Step, Trajectory, UserIdx, rng_for};
use rayon::prelude::*;

/// One session to be run.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Whose session.
    pub user: UserIdx,
    /// What the log says about the user; these items are not shown again.
    pub history: &'a [Interaction],
    /// Names the random stream of the session, so that the same session can be run again anywhere.
    pub stream: u64,
}

/// Runs one session per start, in the order of `starts`, with the propensities of the policy's choices. A session
/// depends on the seed and its own start alone, not on threads or neighbours.
///
/// # Errors
/// When a user has no row or the policy chooses an item without a column.
pub fn rollout(
    environment: &Environment,
    policy: &dyn Policy,
    starts: &[Start<'_>],
    seed: u64,
) -> Result<Vec<Trajectory>, EnvironmentError> {
    starts.par_iter().map(|start| run(environment, policy, start, seed)).collect()
}

fn run(
    environment: &Environment,
    policy: &dyn Policy,
    start: &Start<'_>,
    seed: u64,
) -> Result<Trajectory, EnvironmentError> {
    let mut rng = rng_for(seed, &[u64::from(start.user.0), start.stream]);
    let mut shown = ItemSet::empty(environment.n_items());
    for interaction in start.history {
        shown.insert(interaction.item);
    }
    let mut session = environment.start_seeded(start.user, SessionSeed { seed, stream: start.stream })?;
    let mut acting = policy.start(SessionContext { user: start.user, history: start.history });
    let mut steps = Vec::new();
    while session.end().continues() && shown.len() < environment.n_items() {
        let choice = acting.choose(&shown, &mut rng);
        let outcome = session.step(choice.item)?;
        acting.observe(choice.item, outcome.reward);
        shown.insert(choice.item);
        let log_prob_behavior = choice.log_prob_behavior;
        steps.push(Step { item: choice.item, reward: outcome.reward, log_prob_behavior, end: outcome.end });
    }
    Ok(Trajectory { user: start.user, steps })
}
