//! Where an unfinished training run keeps its checkpoint and metrics: beside its final place.

use crate::PipelineError;
use artefact::{ArtefactError, Tensors, replace_file};
use report::CurvePoint;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use telemetry::MetricsWriter;

/// One line of JSON, then the tensors: one file, so that the two never disagree.
const CHECKPOINT: &str = "checkpoint";
const METRICS: &str = "metrics.jsonl";
const KEY: &str = "key";

/// The working directory of one training run.
#[derive(Clone, Debug)]
pub struct Working {
    path: PathBuf,
}

/// What to do with a checkpoint that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Start over.
    Never,
    /// Go on; a checkpoint of other inputs, settings or seed is an error.
    Demanded,
    /// Go on if the checkpoint is of these inputs, settings and seed, else start over.
    IfSame,
}

/// What a checkpoint knows beside the learner's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// Environment steps taken.
    pub n_env_steps: u64,
    /// Time taken, in seconds, over all interruptions.
    pub seconds: f64,
    /// The validations so far.
    pub validation: Vec<CurvePoint>,
}

impl Working {
    /// Opens the directory beside `out`. Where there is nothing to go on from, it is emptied. `key` stands for
    /// inputs, settings and seed.
    ///
    /// # Errors
    /// When the disk refuses, or a checkpoint is to be resumed that has another key.
    pub fn open(out: &Path, key: &str, resume: Resume) -> Result<Self, PipelineError> {
        let mut name = out.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let is_same = std::fs::read_to_string(path.join(KEY)).is_ok_and(|kept| kept == key);
        let goes_on = path.join(CHECKPOINT).is_file() && resume != Resume::Never;
        if goes_on && !is_same && resume == Resume::Demanded {
            return Err(PipelineError::OtherCheckpoint { path });
        }
        if path.exists() && !(goes_on && is_same) {
            std::fs::remove_dir_all(&path).map_err(writing(&path))?;
        }
        replace_file(&path.join(KEY), key.as_bytes())?;
        Ok(Self { path })
    }

    /// Replaces the checkpoint as a whole.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep(&self, state: &TrainingState, tensors: &Tensors) -> Result<(), ArtefactError> {
        let mut bytes = serde_json::to_vec(state).expect("a checkpoint's state is plain data");
        bytes.push(b'\n');
        bytes.extend(tensors.to_bytes());
        replace_file(&self.path.join(CHECKPOINT), &bytes)
    }

    /// The checkpoint, if there is one.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn kept(&self) -> Result<Option<(TrainingState, Tensors)>, PipelineError> {
        let path = self.path.join(CHECKPOINT);
        let Ok(bytes) = std::fs::read(&path) else { return Ok(None) };
        let damaged = |what: String| PipelineError::DamagedCheckpoint { what, path: path.clone() };
        let end =
            bytes.iter().position(|&byte| byte == b'\n').ok_or_else(|| damaged("no header".to_owned()))?;
        let state = serde_json::from_slice(&bytes[..end]).map_err(|e| damaged(e.to_string()))?;
        let tensors = Tensors::from_bytes(&bytes[end + 1..]).map_err(damaged)?;
        Ok(Some((state, tensors)))
    }

    /// Starts the metrics of a run, or goes on with those up to its checkpoint.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn metrics(&self, state: Option<&TrainingState>) -> Result<MetricsWriter, PipelineError> {
        let metrics = match state {
            Some(state) => MetricsWriter::resume(&self.path, state.n_env_steps, unix_seconds()),
            None => MetricsWriter::create(&self.path, unix_seconds()),
        };
        metrics.map_err(|e| PipelineError::Training(robust::RobustError::Observer(e.into())))
    }

    /// What of it goes into the finished directory.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn files(&self) -> Result<BTreeMap<&'static str, Vec<u8>>, PipelineError> {
        let mut kept = BTreeMap::new();
        for name in [CHECKPOINT, METRICS] {
            let path = self.path.join(name);
            match std::fs::read(&path) {
                Ok(bytes) => drop(kept.insert(name, bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(PipelineError::Read { path, source }),
            }
        }
        Ok(kept)
    }

    /// Removes it; the run is finished.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn remove(self) -> Result<(), PipelineError> {
        std::fs::remove_dir_all(&self.path).map_err(writing(&self.path))
    }

    /// Moves what is told of the run, but not its checkpoint, to `place`; the run is finished.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn keep_metrics(self, place: &Path) -> Result<(), PipelineError> {
        let _ = std::fs::remove_file(self.path.join(CHECKPOINT));
        if place.exists() {
            std::fs::remove_dir_all(place).map_err(writing(place))?;
        }
        std::fs::rename(&self.path, place).map_err(writing(place))
    }
}

fn writing(path: &Path) -> impl FnOnce(std::io::Error) -> PipelineError {
    let path = path.to_owned();
    move |source| PipelineError::Write { path, source }
}

/// The clock, for metrics only.
pub fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
