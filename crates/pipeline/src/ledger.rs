//! Which stages are up to date.

use crate::PipelineError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `stages.json` of a run's directory: what every stage was made from, and how long it took.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) seconds: f64,
}

impl Ledger {
    /// The file's name.
    pub(crate) const FILE: &str = "stages.json";

    /// Whether a directory has one: a run was begun in it.
    pub(crate) fn is_in(directory: &Path) -> bool {
        let bytes = std::fs::read(directory.join(Self::FILE)).unwrap_or_default();
        serde_json::from_slice::<BTreeMap<String, Entry>>(&bytes).is_ok()
    }

    /// Whether no stage is finished.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Notes that a run begins here.
    pub(crate) fn begin(&self) -> Result<(), PipelineError> {
        self.write()
    }

    /// Reads the ledger of a directory; a missing or damaged one is an empty one.
    pub(crate) fn open(directory: &Path) -> Self {
        let path = directory.join(Self::FILE);
        let entries = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { path, entries: entries.unwrap_or_default() }
    }

    /// Whether a stage was finished with this key.
    pub(crate) fn finished(&self, stage: &str, key: &str) -> bool {
        self.entries.get(stage).is_some_and(|entry| entry.key == key)
    }

    /// Notes that a stage is finished.
    pub(crate) fn finish(&mut self, stage: &str, key: &str, seconds: f64) -> Result<(), PipelineError> {
        self.entries.insert(stage.to_owned(), Entry { key: key.to_owned(), seconds });
        self.write()
    }

    fn write(&self) -> Result<(), PipelineError> {
        let bytes = serde_json::to_vec_pretty(&self.entries).expect("plain data");
        Ok(artefact::replace_file(&self.path, &bytes)?)
    }
}

/// The hash of everything that a stage depends on. Structs have one order; settings that are a JSON value are given as
/// [`artefact::canonical`] has them, so that every build finds the same key.
pub(crate) fn key(parts: &[&dyn erased::Hashable]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        part.feed(&mut hasher);
        hasher.update(&[0]);
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Feeding a hasher with texts and settings.
pub(crate) mod erased {
    use serde::Serialize;

    /// Something with a stable JSON form.
    pub(crate) trait Hashable {
        fn feed(&self, hasher: &mut blake3::Hasher);
    }

    impl<T: Serialize> Hashable for T {
        fn feed(&self, hasher: &mut blake3::Hasher) {
            hasher.update(&serde_json::to_vec(self).expect("settings are plain data"));
        }
    }
}

/// The hash of a file's bytes, or of all files directly in a folder with their names.
pub(crate) fn hash_path(path: &Path) -> Result<String, PipelineError> {
    let read = |source| PipelineError::Read { path: path.to_owned(), source };
    let mut files = if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(read)?;
        entries.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>().map_err(read)?
    } else {
        vec![path.to_owned()]
    };
    files.retain(|file| file.is_file());
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in &files {
        hasher.update(file.file_name().unwrap_or_default().as_encoded_bytes());
        let mut bytes = std::fs::File::open(file).map_err(read)?;
        std::io::copy(&mut bytes, &mut hasher).map_err(read)?;
    }
    if files.is_empty() {
        return Err(read(std::io::ErrorKind::NotFound.into()));
    }
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}
