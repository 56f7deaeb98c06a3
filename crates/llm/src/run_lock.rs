//! One process at a time pays for a run.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::LlmError;

/// The file that is locked, in the run's directory.
const NAME: &str = "calls.lock";

/// The right to pay for what a run asks: two processes would each spend its whole budget. Given back when dropped, by
/// the system if the process is killed. The cassettes themselves take several writers.
#[derive(Debug)]
pub struct RunLock {
    file: File,
}

impl RunLock {
    /// Takes the right for the run in this directory, which has to be there.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if another process has it, or the file cannot be made.
    pub fn take(run: &Path) -> Result<Self, LlmError> {
        let path = run.join(NAME);
        let unmade = |error: std::io::Error| LlmError::Unavailable {
            reason: format!("the run's directory cannot be locked: {error}: {}", path.display()),
            hint: "look whether the directory can be written".to_owned(),
        };
        let file = File::options().create(true).append(true).open(&path).map_err(unmade)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(LlmError::Unavailable {
                reason: format!("another process asks language models for this run: {}", run.display()),
                hint: "wait until it has ended, or give this run another directory".to_owned(),
            }),
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
                tracing::warn!(path = %path.display(), "this file system has no locks: start no second process");
                Ok(Self { file })
            }
            Err(TryLockError::Error(error)) => Err(unmade(error)),
        }
    }
}

impl Drop for RunLock {
    /// Closing the file would leave the lock to a process that is being started at this moment.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::debug!(%error, "the run's lock goes with the process");
        }
    }
}
