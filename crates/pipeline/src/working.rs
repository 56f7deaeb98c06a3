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
/// What TensorBoard reads, and files that a killed run was writing.
const OTHERS_BEGIN: [&str; 2] = ["events.out.tfevents.", ".tmp"];

/// The working directory of one training run. Where the run ends before it has a checkpoint, it goes away with the value.
#[derive(Debug)]
pub struct Working {
    path: PathBuf,
    is_finished: bool,
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

/// What a killed run left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No checkpoint.
    Nothing,
    /// A checkpoint of the same inputs, settings and seed.
    Same,
    /// A checkpoint of others.
    Other,
}

/// What a checkpoint knows beside the learner's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrainingState {
    /// Rounds learned.
    pub n_rounds: u64,
    /// Time taken, in seconds, over all interruptions.
    pub seconds: f64,
    /// The validations so far.
    pub validation: Vec<CurvePoint>,
}

/// What is written beside a checkpoint. One in the form of another version is one of other inputs: nobody goes on from it.
fn keyed(key: &str) -> String {
    format!("{key} {CHECKPOINT_FORM}")
}

/// Changed whenever the form of checkpoints or of what is kept beside them changes.
const CHECKPOINT_FORM: &str = "form-3";

impl Working {
    /// Where the working directory of `out` is.
    pub fn place(out: &Path) -> PathBuf {
        let mut name = out.as_os_str().to_owned();
        name.push(".part");
        PathBuf::from(name)
    }

    /// What there is to go on from. `key` stands for inputs, settings and seed.
    pub fn found(out: &Path, key: &str) -> Found {
        let path = Self::place(out);
        let is_same = std::fs::read_to_string(path.join(KEY)).is_ok_and(|kept| kept == keyed(key));
        match (path.join(CHECKPOINT).is_file(), is_same) {
            (false, _) => Found::Nothing,
            (true, true) => Found::Same,
            (true, false) => Found::Other,
        }
    }

    /// Opens the directory beside `out`. Where there is nothing to go on from, it is emptied. `key` stands for
    /// inputs, settings and seed.
    ///
    /// # Errors
    /// When the disk refuses, a checkpoint is to be resumed that has another key, or somebody else's folder is there.
    pub fn open(out: &Path, key: &str, resume: Resume) -> Result<Self, PipelineError> {
        let path = Self::place(out);
        let found = Self::found(out, key);
        if found == Found::Other && resume == Resume::Demanded {
            return Err(PipelineError::OtherCheckpoint { path });
        }
        if found != Found::Same || resume == Resume::Never {
            remove_ours(&path)?;
        }
        replace_file(&path.join(KEY), keyed(key).as_bytes())?;
        Ok(Self { path, is_finished: false })
    }

    /// Replaces the checkpoint as a whole.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn keep(&self, state: &TrainingState, tensors: &Tensors) -> Result<(), ArtefactError> {
        let mut bytes = serde_json::to_vec(state).expect("a checkpoint's state is plain data");
        bytes.push(b'\n');
        bytes.extend(tensors.to_bytes());
        replace_file(&self.path.join(CHECKPOINT), &bytes)
    }

    /// The checkpoint, if there is one.
    ///
    /// # Errors
    /// When it is damaged.
    pub(crate) fn kept(&self) -> Result<Option<(TrainingState, Tensors)>, PipelineError> {
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
    pub(crate) fn metrics(&self, state: Option<&TrainingState>) -> Result<MetricsWriter, PipelineError> {
        let metrics = match state {
            Some(state) => MetricsWriter::resume(&self.path, state.n_rounds, unix_seconds()),
            None => MetricsWriter::create(&self.path, unix_seconds()),
        };
        metrics.map_err(|e| PipelineError::Training(learning::LearningError::Observer(e.into())))
    }

    /// What of it goes into the finished directory; all of it tells of clocks.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn files(&self) -> Result<BTreeMap<&'static str, Vec<u8>>, PipelineError> {
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
    pub fn remove(mut self) -> Result<(), PipelineError> {
        self.is_finished = true;
        std::fs::remove_dir_all(&self.path).map_err(writing(&self.path))
    }

    /// Moves what is told of the run, but not its checkpoint, to `place`; the run is finished.
    ///
    /// # Errors
    /// When the disk refuses, or somebody else's folder is there.
    pub(crate) fn keep_metrics(mut self, place: &Path) -> Result<(), PipelineError> {
        self.is_finished = true;
        let _ = std::fs::remove_file(self.path.join(CHECKPOINT));
        remove_ours(place)?;
        std::fs::rename(&self.path, place).map_err(writing(place))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if !self.is_finished && !self.path.join(CHECKPOINT).exists() {
            let _ = remove_ours(&self.path);
        }
    }
}

/// Removes a folder if everything in it is what training runs leave.
fn remove_ours(path: &Path) -> Result<(), PipelineError> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(writing(path)(error)),
    };
    let is_ours = |name: &str| {
        [KEY, CHECKPOINT, METRICS].contains(&name) || OTHERS_BEGIN.iter().any(|begin| name.starts_with(begin))
    };
    let mut names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    match names.find(|name| !is_ours(name)) {
        Some(name) => {
            let what = format!("a folder that no training run left, with {name}");
            Err(ArtefactError::Occupied { what, is_forceable: false, path: path.to_owned() }.into())
        }
        None => std::fs::remove_dir_all(path).map_err(writing(path)),
    }
}

fn writing(path: &Path) -> impl FnOnce(std::io::Error) -> PipelineError {
    let path = path.to_owned();
    move |source| PipelineError::Write { path, source }
}

/// The clock, for metrics only.
pub(crate) fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
