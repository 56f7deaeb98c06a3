//! The default learner: imitation and actor-critic over what a history says, with a learned hazard of leaving.

mod actor;
mod checkpoint;
mod config;
mod error;
mod guidance;
mod hazard;
mod items;
mod learner;
mod policy;
mod session;
mod taste;
mod tracker;
mod train;
mod unseen;

pub use actor::Selection;
pub use config::{ROBUST_PRESET, RobustConfig, Switches};
pub use error::RobustError;
pub use guidance::{Guidance, IlRec, NoGuidance};
pub use learner::UpdateReport;
pub use policy::RobustPolicy;
pub use tracker::FEATURE_NAMES;
pub use train::{Inputs, Observer, Progress, Silent, Trained, train};

#[cfg(test)]
mod tests;
