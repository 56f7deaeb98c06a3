//! Training as published: the presets `released`, `vectorised` and `paper` of one loop, with checkpoints that resume exactly.

mod checkpoint;
mod config;
mod demonstrations;
mod error;
mod features;
mod network;
mod observer;
mod rollouts;
mod rounds;
mod steplog;
mod trainer;
mod updates;

pub use config::{
    AdvantageSettings, CriticSettings, DemonstrationSettings, DiscriminatorSettings, FeatureKind,
    LossSettings, NetworkSettings, PAPER, Presence, Preset, PublishedDataset, RELEASED, RawTrainingConfig,
    Repeats, ReplaySettings, Reweigh, RolloutSettings, TrainingConfig, VECTORISED,
};
pub use demonstrations::Demonstrations;
pub use error::TrainingError;
pub use observer::{Observer, Progress, RunOptions, Silent};
pub use steplog::StepLog;
pub use trainer::{Trainer, TrainingInputs};

#[cfg(test)]
mod tests;
