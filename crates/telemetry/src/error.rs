//! What can go wrong with metric files.

use std::path::{Path, PathBuf};

/// Why metrics could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The file system said no.
    #[error("cannot write or read metrics: {source}: {}", path.display())]
    File {
        /// What it said.
        source: std::io::Error,
        /// Where.
        path: PathBuf,
    },
    /// A line that is complete is not one of ours.
    #[error("line {line} is not a line of metrics: {source}: {}", path.display())]
    BadLine {
        /// What the parser said.
        source: serde_json::Error,
        /// Which line, from 1.
        line: usize,
        /// Where.
        path: PathBuf,
    },
}

impl TelemetryError {
    /// For `map_err` on anything done to `path`.
    pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<'_> {
        |source| Self::File { source, path: path.to_owned() }
    }
}
