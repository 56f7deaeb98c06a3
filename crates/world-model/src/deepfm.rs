//! The train world: an ensemble of DeepFMs with a mean and a noise variance for every cell.
//!
//! # Source
//! `docs/spec/world-model.md` (ROLeR's world model). Differences by default: members start from different weights,
//! the scalar bias starts at the mean rating, graded ratings are fitted without sampled negatives, L2 is weighed by
//! how often a row is seen, each member stops early, categories support items with few ratings.
//! [`DeepFmConfig::published`] turns every one of them back.

mod config;
mod ensemble;
mod fold_in;
mod gradient;
mod learner;
mod loss;
mod network;
mod optimiser;
mod scorer;
mod steps;
mod store;

pub use config::{DeepFmConfig, ItemContent, Loss, RowUpdate};
pub use ensemble::{DeepFmEnsemble, FittedEnsemble};
pub use network::ItemCategories;
pub use steps::{DeepFmParameters, DeepFmSteps};

#[cfg(test)]
mod tests;
