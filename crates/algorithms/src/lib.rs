//! Everything that is trained: a folder for each algorithm, and the registry that whoever trains, judges or serves asks.
//!
//! An algorithm is a module here with a folder beside it: settings, networks, losses and tests, `preset.toml` (or
//! `fixed.toml`, where it is another algorithm with something switched off), `small.toml` and `README.md`; and one line of
//! [`REGISTRY`]. Terms that can be chosen by name are in [`TERMS`].

mod a2c;
mod bc;
mod bpr_mf;
mod choices;
mod ease;
mod evidence;
pub mod il_rec;
mod item_item;
mod item_knn;
mod lookahead;
mod paper;
mod planner;
mod published;
mod ranker_policy;
mod registry;
mod released;
mod tensors;
mod terms;
mod untrained;
mod vectorised;

pub use ranker_policy::RankerPolicy;
pub use registry::{Code, Entry, Kind, OpenPolicy, REGISTRY, ReadSettings, Settings, find, merge, open};
pub use terms::{Build, TERMS, TermEntry, find_term, parse_term};

#[cfg(test)]
mod tests;
