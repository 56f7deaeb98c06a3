//! Whether a world is worth training in.

mod explained;
mod hazards;
mod rows;
mod verdict;

pub use explained::Explained;
pub use hazards::HazardDifference;
pub use rows::CheckRow;
pub use verdict::Verdict;

use environment::{Environment, EnvironmentError, Start};
use mdp::{MeanModel, Policy};
use serde::{Deserialize, Serialize};

/// What the check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorldCheck {
    /// One row per reference policy, in the order given.
    pub rows: Vec<CheckRow>,
    /// Where the variance of rewards comes from.
    pub explained: Explained,
    /// Pass or fail, with reasons.
    pub verdict: Verdict,
}

/// Runs the reference policies, each under its name in tables, in an environment and judges it. The verdict looks
/// for the names `uniform`, `popularity` and `oracle`; others (`greedy`) only get a row. `means` is what the environment's truth
/// was drawn from, so that taste can be told from noise; a world whose truth is a matrix gives that matrix.
///
/// # Errors
/// When a start names a user without a row or a policy chooses an item without a column.
pub fn check(
    environment: &Environment,
    means: &dyn MeanModel,
    policies: &[(&str, &dyn Policy)],
    starts: &[Start<'_>],
    seed: u64,
) -> Result<WorldCheck, EnvironmentError> {
    let row = |&(name, policy): &(&str, &dyn Policy)| CheckRow::of(environment, (name, policy), starts, seed);
    let rows = policies.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    let explained = Explained::of(means, seed);
    let verdict = Verdict::of(&rows, &explained);
    Ok(WorldCheck { rows, explained, verdict })
}

#[cfg(test)]
mod tests;
