//! The vocabulary every other crate speaks: ids, steps, trajectories, returns and the seams between the parts.

mod histories;
mod ids;
mod itemset;
mod laws;
mod policy;
mod positives;
mod returns;
mod reward;
mod rng;
mod step;

pub use histories::Histories;
pub use ids::{ItemIdx, UserIdx};
pub use itemset::ItemSet;
pub use laws::broken_log_prob_law;
pub use policy::{Choice, Policy, PolicySession, SessionContext, UnknownLogProbs};
pub use positives::{POSITIVE_ONLY, share_of_best};
pub use returns::returns_to_go;
pub use reward::{MeanModel, RewardSource};
pub use rng::{Rng, rng_for};
pub use step::{ExitReason, Interaction, Step, StepEnd, Trajectory};

#[cfg(test)]
mod tests;
