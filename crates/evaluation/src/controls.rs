//! The policies every result stands beside. None of them is trained.

mod greedy;
mod oracle;
mod order;
mod popularity;
mod random;
mod repeating;
mod replay;
mod session_planner;

pub use greedy::Greedy;
pub use oracle::Oracle;
pub use popularity::Popularity;
pub use random::{RandomFreshGenre, UniformRandom};
pub use repeating::Repeating;
pub use replay::replay;
pub use session_planner::{Expectations, SessionPlanner};

/// The same learner, trained on training users in the world that judges: what is lost between the worlds.
pub const TRAINED_IN_JUDGE: &str = "trained-in-judge";

/// Whether the control of this name knows what no deployed policy knows: the exit rule, the truth, or the world of the judge.
pub fn is_privileged(name: &str) -> bool {
    matches!(name, "train-planner" | "judge-planner" | "oracle") || name == TRAINED_IN_JUDGE
}

#[cfg(test)]
mod tests;
