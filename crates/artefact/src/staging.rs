//! The directory beside its final place that a writer fills, and what becomes of those whose writer was killed.
//!
//! A writer holds a lock on a file in its directory for as long as it lives; the system releases it however the
//! writer ends. So whoever gets the lock knows that nobody is writing.

use crate::ArtefactError;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const PREFIX: &str = ".ilrec-writing-";
pub(crate) const LOCK: &str = ".lock";
/// A directory without a lock is about to get one, or about to be renamed; one this old is not.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);
const N_TRIES: usize = 16;

/// A directory being written. Dropped without [`Staging::release`], it leaves nothing.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: TempDir,
    lock: File,
}

impl Staging {
    /// Removes what killed writers left in `parent`, and starts a directory of our own there.
    pub(crate) fn begin(parent: &Path) -> Result<Self, ArtefactError> {
        remove_abandoned(parent);
        let fails = || ArtefactError::io("create directory", parent);
        for _ in 0..N_TRIES {
            let folder = crate::write::as_usual(0o777).prefix(PREFIX).tempdir_in(parent).map_err(fails())?;
            let path = folder.path().join(LOCK);
            let lock = File::create_new(&path).map_err(ArtefactError::io("create", &path))?;
            // Somebody cleaning up may have been faster in the moment before the lock; then there is another try.
            if lock.try_lock().is_ok() && path.exists() {
                return Ok(Self { folder, lock });
            }
        }
        Err(fails()(std::io::Error::other("no lock can be had in it")))
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives the directory up for renaming.
    pub(crate) fn release(self) -> Result<PathBuf, ArtefactError> {
        let lock = self.path().join(LOCK);
        std::fs::remove_file(&lock).map_err(ArtefactError::io("remove", &lock))?;
        drop(self.lock);
        Ok(self.folder.keep())
    }
}

/// Moves what stands at `target` out of the way, into a directory that goes away with the value.
pub(crate) fn aside(target: &Path, parent: &Path) -> Result<Staging, ArtefactError> {
    let staging = Staging::begin(parent)?;
    let place = staging.path().join("replaced");
    std::fs::rename(target, &place).map_err(ArtefactError::io("replace", target))?;
    Ok(staging)
}

/// Removes the directories whose writer is gone. What cannot be removed stays: it is in nobody's way.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = parent.read_dir() else { return };
    let is_ours = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(PREFIX);
    for entry in entries.flatten().filter(is_ours) {
        let path = entry.path();
        match File::open(path.join(LOCK)) {
            Ok(lock) => remove_unless_locked(&path, &lock),
            Err(_) if is_old(&entry) => drop(std::fs::remove_dir_all(&path)),
            Err(_) => {}
        }
    }
}

/// The lock is held until everything is gone, so that a writer that comes for it is refused.
fn remove_unless_locked(path: &Path, lock: &File) {
    match lock.try_lock() {
        Ok(()) => drop(std::fs::remove_dir_all(path)),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
    }
}

fn is_old(entry: &std::fs::DirEntry) -> bool {
    let age = entry.metadata().and_then(|about| about.modified()).map(|time| time.elapsed());
    matches!(age, Ok(Ok(age)) if age > ABANDONED_AFTER)
}
