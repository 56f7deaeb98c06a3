//! Everything that is trained: a folder for each algorithm, and the registry that whoever trains, judges or serves asks.
//!
//! An algorithm is a module here with a folder beside it: settings, networks, losses and tests, `preset.toml` (or
//! `fixed.toml`, where it is another algorithm with something switched off) and `README.md`; and one line of [`REGISTRY`].

mod a2c;
mod bc;
mod ease;
pub mod il_rec;
mod item_item;
mod item_knn;
mod paper;
mod planner;
mod published;
mod ranker_policy;
mod registry;
mod released;
mod tensors;
mod untrained;
mod vectorised;

pub use ranker_policy::RankerPolicy;
pub use registry::{Code, Entry, Kind, OpenPolicy, REGISTRY, ReadSettings, Settings, find, merge, open};

#[cfg(test)]
mod tests;
