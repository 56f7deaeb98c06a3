//! Sessions of simulated users: an item goes in, a reward and perhaps an exit come out.

mod block;
mod calibrate;
mod distance_rule;
mod environment;
mod error;
mod features;
mod model;
mod nearness;
mod parameters;
mod recent;
mod rollout;
mod rule;
mod rules;
mod seed;
mod settings;
mod vector;
mod window;

pub use calibrate::{Calibration, DEFAULT_SIMILARITY_HAZARD, PUBLISHED_DISTANCE_HAZARD, UniformHazard};
pub(crate) use distance_rule::DistanceRule;
pub use environment::{Environment, Outcome, Session};
pub use error::EnvironmentError;
pub use features::{DistanceSource, ItemFeatures};
pub use model::{ExitModel, Leaving, LowReward};
pub use parameters::{Drawn, Kind, Parameter, Parameters};
pub use rollout::{Start, rollout};
pub use rule::ExitRule;
pub use rules::{EXIT_RULES, Feature, RULES, RuleEntry, find_rule};
pub use seed::SessionSeed;
pub use settings::{RuleSettings, Setting};
pub use vector::VectorEnvironment;
pub use window::{NearWindow, Window};

#[cfg(test)]
mod tests;
