//! Sessions of simulated users: an item goes in, a reward and perhaps an exit come out.

mod block;
mod calibrate;
mod environment;
mod error;
mod features;
mod nearness;
mod recent;
mod rollout;
mod rule;
mod vector;

pub use calibrate::{
    DEFAULT_SIMILARITY_HAZARD, PUBLISHED_DISTANCE_HAZARD, calibrated_distance, calibrated_similarity,
};
pub use environment::{Environment, Outcome, Session};
pub use error::EnvironmentError;
pub use features::{DistanceSource, ItemFeatures};
pub use rollout::{Start, rollout};
pub use rule::{CategoryWindow, ExitRule, LowReward, NearWindow, Window};
pub use vector::VectorEnvironment;

#[cfg(test)]
mod tests;
