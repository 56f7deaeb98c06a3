//! The default learner: imitation and actor-critic over what a history says, with a learned hazard of leaving.

mod checkpoint;
mod config;
mod decide;
mod error;
mod guidance;
mod hazard;
mod learner;
mod policy;
mod session;
mod taste;
mod train;
mod unseen;
mod weighed;

pub use config::{ROBUST_PRESET, RobustConfig, Switches};
pub use error::RobustError;
pub use guidance::{Guidance, IlRec, NoGuidance};
pub use learner::UpdateReport;
pub use policy::RobustPolicy;
pub use ranking::{FEATURE_NAMES, Selection};
pub use train::{Inputs, Observer, Progress, Silent, Trained, train};
pub use weighed::{WEIGHED_FILE, Weighed, weighed};

#[cfg(test)]
mod tests;
