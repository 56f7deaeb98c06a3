//! Sessions of simulated users: an item goes in, a reward and perhaps an exit come out.

mod calibrate;
mod environment;
mod error;
mod features;
mod rollout;
mod rule;
mod vector;

pub use calibrate::calibrated_threshold;
pub use environment::{Environment, Outcome, Session};
pub use error::EnvironmentError;
pub use features::{DistanceSource, ItemFeatures};
pub use rollout::{Start, rollout};
pub use rule::{CategoryWindow, ExitRule, LowReward, NearWindow, Window};
pub use vector::VectorEnvironment;

#[cfg(test)]
mod tests;
