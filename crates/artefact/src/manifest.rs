//! The manifest: what a directory is, what it was made from, and the hash of every file in it.

use crate::regular::read_regular;
use crate::{ArtefactError, canonical, with_article};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The manifest's file.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The largest manifest that is read, in bytes.
const MOST_BYTES: u64 = 1 << 26;

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

    /// The directory in messages, with its article.
    pub(crate) fn a_directory(self) -> String {
        format!("{} directory", with_article(self.word()))
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
    /// The hashes of files that are checked like all others, but tell of clocks: they are no part of the artefact's
    /// hash, so that the same work gives the same hash. Older directories have none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub beside: BTreeMap<String, String>,
    /// The length of every file, so that one that has another is not read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sizes: BTreeMap<String, u64>,
    /// The hash of this text with zeros in this place; older directories have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    seal: String,
}

/// The fields of manifests that have no seal.
const UNSEALED: [&str; 6] = ["kind", "format_version", "inputs", "config", "seed", "files"];

impl Manifest {
    pub(crate) fn new(kind: Kind, seed: u64, config: serde_json::Value) -> Self {
        Self {
            kind,
            format_version: FORMAT_VERSION,
            inputs: BTreeMap::new(),
            config: canonical(config),
            seed,
            files: BTreeMap::new(),
            beside: BTreeMap::new(),
            sizes: BTreeMap::new(),
            seal: String::new(),
        }
    }

    /// The artefact's own hash: over kind, inputs, settings, seed and file hashes; no clock, no path.
    pub fn hash(&self) -> String {
        let (beside, sizes, seal) = Default::default();
        // What an earlier version wrote may have its settings in another order.
        let config = canonical(self.config.clone());
        let hashed = Self { beside, sizes, seal, config, ..self.clone() };
        let text = serde_json::to_vec(&hashed).expect("a manifest is plain data");
        blake3::hash(&text).to_hex()[..16].to_owned()
    }

    /// Whether a change of it would be noticed; the first versions wrote no seal.
    pub fn is_sealed(&self) -> bool {
        !self.seal.is_empty()
    }

    /// The manifest of a directory, if it has one of ours. Nothing else of the directory is looked at.
    pub fn of(directory: &Path) -> Option<Self> {
        let bytes = read_regular(&directory.join(MANIFEST), MOST_BYTES).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// The text to write, sealed.
    pub(crate) fn sealed(&mut self) -> Vec<u8> {
        self.seal = ZEROS.to_owned();
        let text = serde_json::to_string_pretty(self).expect("a manifest is plain data");
        self.seal = blake3::hash(text.as_bytes()).to_hex().to_string();
        replaced_last(&text, ZEROS, &self.seal).into_bytes()
    }

    /// Reads the manifest of a directory and checks its seal.
    pub(crate) fn read(directory: &Path, expected: Kind) -> Result<Self, ArtefactError> {
        let path = directory.join(MANIFEST);
        let nothing =
            |_| ArtefactError::NotAnArtefact { expected: expected.word(), path: directory.to_owned() };
        match std::fs::metadata(&path) {
            Err(error) if is_absent(error.kind()) => return Err(nothing(error)),
            _ => {}
        }
        let bytes = read_regular(&path, MOST_BYTES)?;
        Self::parse(&bytes).map_err(|what| ArtefactError::Damaged { what, path })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let manifest: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if manifest.seal.is_empty() {
            // A manifest from before seals. One whose seal lost its name has fields that those never had.
            let fields: BTreeMap<String, serde_json::Value> =
                serde_json::from_str(text).map_err(|error| error.to_string())?;
            let stranger = fields.keys().find(|name| !UNSEALED.contains(&name.as_str()));
            return stranger.map_or(Ok(manifest), |name| Err(format!("no seal, and a field `{name}`")));
        }
        let unsealed = replaced_last(text, &manifest.seal, ZEROS);
        if manifest.seal.len() != ZEROS.len()
            || blake3::hash(unsealed.as_bytes()).to_hex()[..] != manifest.seal
        {
            return Err("it was changed after it was sealed".to_owned());
        }
        Ok(manifest)
    }
}

/// What stands in a seal's place while it is computed.
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The text with the last occurrence of a part replaced: the seal is the last field.
fn replaced_last(text: &str, part: &str, by: &str) -> String {
    match text.rfind(part) {
        Some(at) => [&text[..at], by, &text[at + part.len()..]].concat(),
        None => text.to_owned(),
    }
}

fn is_absent(kind: std::io::ErrorKind) -> bool {
    matches!(kind, std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
