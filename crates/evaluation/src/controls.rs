//! The policies every result stands beside. None of them is trained.

mod greedy;
mod judge_planner;
mod oracle;
mod order;
mod planner;
mod popularity;
mod random;
mod replay;

pub use greedy::Greedy;
pub use judge_planner::{Expectations, JudgePlanner};
pub use oracle::Oracle;
pub use planner::GreedyDiverse;
pub use popularity::Popularity;
pub use random::{RandomFreshGenre, UniformRandom};
pub use replay::replay;

/// The same learner, trained on training users in the world that judges: what is lost between the worlds.
pub const TRAINED_IN_JUDGE: &str = "trained-in-judge";

/// Whether the control of this name knows what no deployed policy knows: the exit rule, the truth, or the world of the judge.
pub fn is_privileged(name: &str) -> bool {
    matches!(name, "greedy-diverse" | "judge-planner" | "oracle") || name == TRAINED_IN_JUDGE
}

#[cfg(test)]
mod tests;
