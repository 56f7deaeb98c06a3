//! The access log: a JSON object on a line for every request.

use crate::error::ServerError;
use crate::metrics::Seen;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};

/// A file to which a thread of its own appends. Where the disk does not keep up, lines are dropped; requests do not wait.
#[derive(Clone)]
pub struct AccessLog {
    lines: NonBlocking,
    /// What waits is written when the last one is gone.
    _guard: Arc<WorkerGuard>,
}

impl std::fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessLog").finish_non_exhaustive()
    }
}

/// A file whose first failed write is told: nobody waits for the outcome of a line.
struct Appended {
    file: File,
    path: PathBuf,
    is_broken: bool,
}

impl std::io::Write for Appended {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let outcome = self.file.write(bytes);
        if let Err(error) = &outcome
            && !std::mem::replace(&mut self.is_broken, true)
        {
            tracing::error!("the access log lacks lines from here on: {error}: {}", self.path.display());
        }
        outcome
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

#[derive(Serialize)]
struct Line<'a> {
    request: &'a str,
    #[serde(flatten)]
    seen: &'a Seen,
}

impl AccessLog {
    /// Opens a file, to be appended to.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(path: &Path) -> Result<Self, ServerError> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        // Who called is not everybody's business.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path);
        let file = file.map_err(|source| ServerError::AccessLog { path: path.to_owned(), source })?;
        let file = Appended { file, path: path.to_owned(), is_broken: false };
        let (lines, guard) = tracing_appender::non_blocking(file);
        Ok(Self { lines, _guard: Arc::new(guard) })
    }

    pub(crate) fn write(&self, request: &str, seen: &Seen) {
        let Ok(mut line) = serde_json::to_vec(&Line { request, seen }) else { return };
        line.push(b'\n');
        // A whole line or none; a full queue takes it and says nothing.
        let _ = self.lines.clone().write_all(&line);
    }
}
