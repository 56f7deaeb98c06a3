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
    /// One row per reference policy in the judge world, in the order given.
    pub rows: Vec<CheckRow>,
    /// The same in the train world, of the policies that tell whether users leave alike in both; nothing in checks of older versions.
    #[serde(default)]
    pub train_rows: Vec<CheckRow>,
    /// Where the variance of rewards comes from.
    pub explained: Explained,
    /// Pass or fail, with reasons.
    pub verdict: Verdict,
}

/// Runs the reference policies, each under its name in tables, in the judge's environment and judges it. The verdict looks
/// for the names `uniform`, `popularity` and `oracle`; others (`greedy`) only get a row. `means` is what the environment's truth
/// was drawn from, so that taste can be told from noise; a world whose truth is a matrix gives that matrix. In the train world's
/// environment `uniform`, `popularity` and `greedy` tell whether users leave there for what is shown as they do before the judge.
///
/// # Errors
/// When a start names a user without a row or a policy chooses an item without a column.
pub fn check(
    train: &Environment,
    judge: &Environment,
    means: &dyn MeanModel,
    policies: &[(&str, &dyn Policy)],
    starts: &[Start<'_>],
    seed: u64,
) -> Result<WorldCheck, EnvironmentError> {
    let of = |environment, &policy: &(&str, &dyn Policy)| CheckRow::of(environment, policy, starts, seed);
    let rows = policies.iter().map(|policy| of(judge, policy)).collect::<Result<Vec<_>, _>>()?;
    let compared = policies.iter().filter(|(name, _)| hazards::REFERENCES.contains(name));
    let train_rows = compared.map(|policy| of(train, policy)).collect::<Result<Vec<_>, _>>()?;
    let explained = Explained::of(means, seed);
    let mut verdict = Verdict::of(&rows, &explained);
    let differences = HazardDifference::all(&train_rows, &rows);
    verdict.add(&differences.iter().map(ToString::to_string).collect::<Vec<_>>());
    Ok(WorldCheck { rows, train_rows, explained, verdict })
}

#[cfg(test)]
mod tests;
