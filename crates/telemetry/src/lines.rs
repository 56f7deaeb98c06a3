//! One JSON object per line.

use crate::TelemetryError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The name of the file in its directory.
const FILE_NAME: &str = "metrics.jsonl";

/// What was measured at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricsLine {
    /// Rounds so far; 0 in files of earlier versions.
    #[serde(default)]
    pub n_rounds: u64,
    /// Environment steps taken so far.
    pub n_env_steps: u64,
    /// Unix seconds.
    pub wall_seconds: f64,
    /// Values by name; a value that was not a number is null.
    #[serde(flatten)]
    pub values: BTreeMap<String, Option<f64>>,
}

impl MetricsLine {
    /// One value, if it was measured at this moment and was a number.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.values.get(name).copied().flatten()
    }
}

/// The file, open at its end.
pub(crate) struct LinesFile {
    file: File,
    path: PathBuf,
}

impl LinesFile {
    /// Opens the file and cuts away what a continued run will write again: lines of later rounds and a torn
    /// last line. Without `last_round` nothing is kept.
    pub(crate) fn open(directory: &Path, last_round: Option<u64>) -> Result<Self, TelemetryError> {
        let path = directory.join(FILE_NAME);
        let text = read_if_there(&path)?;
        let n_kept = match last_round {
            None => 0,
            Some(last) => kept(&text, &path, last)?,
        };
        if n_kept < text.len() {
            tracing::info!(bytes = text.len() - n_kept, "cut metrics that will be measured again");
        }
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(TelemetryError::at(&path))?;
        file.set_len(n_kept as u64).map_err(TelemetryError::at(&path))?;
        file.seek(SeekFrom::End(0)).map_err(TelemetryError::at(&path))?;
        Ok(Self { file, path })
    }

    /// Writes one line whole.
    pub(crate) fn append(&mut self, line: &MetricsLine) -> Result<(), TelemetryError> {
        let mut text = serde_json::to_vec(line).expect("numbers and names are JSON");
        text.push(b'\n');
        self.file.write_all(&text).map_err(TelemetryError::at(&self.path))
    }
}

/// All complete lines of a run's metrics, in order; none if there is no file. A torn last line is left out.
///
/// # Errors
/// If the file cannot be read or a complete line is not one of ours.
pub fn read_metrics(directory: &Path) -> Result<Vec<MetricsLine>, TelemetryError> {
    let path = directory.join(FILE_NAME);
    let text = read_if_there(&path)?;
    complete_lines(&text).enumerate().map(|(index, line)| parse(line, index, &path)).collect()
}

fn read_if_there(path: &Path) -> Result<Vec<u8>, TelemetryError> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(TelemetryError::at(path)),
    }
}

/// Lines with their line feed; what comes after the last line feed was never finished.
fn complete_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"))
}

fn parse(line: &[u8], index: usize, path: &Path) -> Result<MetricsLine, TelemetryError> {
    serde_json::from_slice(line).map_err(|source| TelemetryError::BadLine {
        source,
        line: index + 1,
        path: path.to_owned(),
    })
}

/// How many bytes of the front belong to lines up to `last_round`.
fn kept(text: &[u8], path: &Path, last_round: u64) -> Result<usize, TelemetryError> {
    let mut n_kept = 0;
    for (index, line) in complete_lines(text).enumerate() {
        if parse(line, index, path)?.n_rounds > last_round {
            break;
        }
        n_kept += line.len();
    }
    Ok(n_kept)
}
