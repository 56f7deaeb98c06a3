//! The demonstrator itself.

use environment::{Environment, EnvironmentError, SessionSeed};
use mdp::{ItemIdx, Step, Trajectory, UserIdx};
use rayon::prelude::*;

/// Plays demonstrations again, item by item, until the user leaves, the horizon cuts or the demonstration is
/// over (the last step then `Continues`). It is no [`mdp::Policy`]: it has nothing to say about users without a
/// demonstration and may repeat items.
///
/// # Errors
/// When a user or item is beyond the environment.
pub fn replay(
    environment: &Environment,
    demonstrations: &[(UserIdx, Vec<ItemIdx>)],
    seed: u64,
) -> Result<Vec<Trajectory>, EnvironmentError> {
    let play = |(place, (user, items)): (usize, &(UserIdx, Vec<ItemIdx>))| {
        let seed = SessionSeed { seed, stream: place as u64 };
        let mut session = environment.start_seeded(*user, seed)?;
        let mut steps = Vec::with_capacity(items.len());
        for &item in items {
            let outcome = session.step(item)?;
            steps.push(Step { item, reward: outcome.reward, log_prob_behavior: 0.0, end: outcome.end });
            if !outcome.end.continues() {
                break;
            }
        }
        Ok(Trajectory { user: *user, steps })
    };
    demonstrations.par_iter().enumerate().map(play).collect()
}
