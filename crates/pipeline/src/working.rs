//! Where an unfinished training run keeps its checkpoint and metrics: beside its final place.

use crate::failure::Failure;
use artefact::{ArtefactError, Tensors, replace_file};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One line of JSON, then the tensors: one file, so that the two never disagree.
const CHECKPOINT: &str = "checkpoint";
const METRICS: &str = "metrics.jsonl";
const KEY: &str = "key";

/// The working directory of one run.
#[derive(Clone, Debug)]
pub(crate) struct Working {
    pub(crate) path: PathBuf,
}

impl Working {
    /// Opens the directory beside `out`. Without `resume`, or where there is no checkpoint, it is emptied.
    ///
    /// # Errors
    /// When what is there was made with other inputs, settings or another seed.
    pub(crate) fn open(out: &Path, key: &str, resume: bool) -> Result<Self, Failure> {
        let mut name = out.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let has_checkpoint = path.join(CHECKPOINT).is_file();
        if resume && has_checkpoint && std::fs::read_to_string(path.join(KEY)).is_ok_and(|kept| kept != key) {
            return Err(Failure::input(format!(
                "the checkpoint was made with other inputs, settings or seed: {}",
                path.display()
            ))
            .hint("run again without --resume to start over"));
        }
        if path.exists() && !(resume && has_checkpoint) {
            std::fs::remove_dir_all(&path).map_err(|e| Failure::writing(&path, &e))?;
        }
        replace_file(&path.join(KEY), key.as_bytes())?;
        Ok(Self { path })
    }

    /// Replaces the checkpoint as a whole.
    pub(crate) fn keep(&self, state: &impl Serialize, tensors: &Tensors) -> Result<(), ArtefactError> {
        let mut bytes = serde_json::to_vec(state).expect("a checkpoint's state is plain data");
        bytes.push(b'\n');
        bytes.extend(tensors.to_bytes());
        replace_file(&self.path.join(CHECKPOINT), &bytes)
    }

    /// The checkpoint, if there is one.
    pub(crate) fn kept<T: DeserializeOwned>(&self) -> Result<Option<(T, Tensors)>, Failure> {
        let path = self.path.join(CHECKPOINT);
        let Ok(bytes) = std::fs::read(&path) else { return Ok(None) };
        let damaged = |why: String| {
            Failure::input(format!("damaged checkpoint ({why}): {}", path.display()))
                .hint("run again without --resume to start over")
        };
        let end =
            bytes.iter().position(|&byte| byte == b'\n').ok_or_else(|| damaged("no header".to_owned()))?;
        let state = serde_json::from_slice(&bytes[..end]).map_err(|e| damaged(e.to_string()))?;
        let tensors = Tensors::from_bytes(&bytes[end + 1..]).map_err(damaged)?;
        Ok(Some((state, tensors)))
    }

    /// What of it goes into the finished directory.
    pub(crate) fn files(&self) -> Result<BTreeMap<&'static str, Vec<u8>>, Failure> {
        let mut kept = BTreeMap::new();
        for name in [CHECKPOINT, METRICS] {
            let path = self.path.join(name);
            match std::fs::read(&path) {
                Ok(bytes) => drop(kept.insert(name, bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::reading(&path, &error)),
            }
        }
        Ok(kept)
    }

    /// Removes it; the run is finished.
    pub(crate) fn remove(self) -> Result<(), Failure> {
        std::fs::remove_dir_all(&self.path).map_err(|e| Failure::writing(&self.path, &e))
    }
}

/// The hash of plain data.
pub(crate) fn key(value: &impl Serialize) -> String {
    let text = serde_json::to_vec(value).expect("keys are made of plain data");
    blake3::hash(&text).to_hex()[..16].to_owned()
}
