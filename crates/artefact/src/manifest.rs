//! The manifest: what a directory is, what it was made from, and the hash of every file in it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a directory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Catalogue, users and interactions.
    Dataset,
    /// Train world and judge world.
    World,
    /// Demonstrations.
    Demos,
    /// A trained policy.
    Policy,
    /// An evaluation.
    Evaluation,
    /// A policy made ready to be served.
    Served,
}

impl Kind {
    /// The word in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::World => "world",
            Self::Demos => "demos",
            Self::Policy => "policy",
            Self::Evaluation => "evaluation",
            Self::Served => "serving artefact",
        }
    }
}

/// The format version this binary writes and reads.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// `manifest.json` of a directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// What the directory holds.
    pub kind: Kind,
    /// The layout of the files.
    pub format_version: u32,
    /// Hashes of the artefacts it was made from, by name (`dataset`, `world`, `catalogue`, ...).
    pub inputs: BTreeMap<String, String>,
    /// The resolved settings it was made with.
    pub config: serde_json::Value,
    /// The run's seed.
    pub seed: u64,
    /// The hash of every other file, by relative name.
    pub files: BTreeMap<String, String>,
}

impl Manifest {
    /// The artefact's own hash: over kind, inputs, settings, seed and file hashes; no clock, no path.
    pub fn hash(&self) -> String {
        let text = serde_json::to_vec(self).expect("a manifest is plain data");
        blake3::hash(&text).to_hex()[..16].to_owned()
    }
}
