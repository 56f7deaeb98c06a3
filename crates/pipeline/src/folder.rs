//! The folder of a run: one run at a time, and nobody else's folder.

use crate::PipelineError;
use crate::ledger::Ledger;
use artefact::{ArtefactError, Lock, Replace, resolved};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What stages are made by; a run replaces what it made itself without being asked.
pub(crate) const WAY: &str = "run";

/// The right to run in a folder. Where the run is refused before it made anything, the folder goes away again.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// Where that leads.
    place: PathBuf,
    replace: Replace,
    was_empty: bool,
    // The last field: the folder goes with it, where it was made for it and nothing is in it.
    _lock: Lock,
}

impl RunFolder {
    /// Takes a folder that an earlier run made, or one that is empty or not there; with [`Replace::Anything`] any other,
    /// in which stages replace what has their names.
    ///
    /// # Errors
    /// When another command runs in it, when it is somebody else's, or when the disk refuses.
    pub fn claim(path: &Path, replace: Replace) -> Result<Self, PipelineError> {
        let place = resolved(path)?;
        let refuse = |what: &str, is_forceable| {
            let (what, path) = (what.to_owned(), path.to_owned());
            Err(ArtefactError::Occupied { what, is_forceable, path }.into())
        };
        if place.exists() && !place.is_dir() {
            return refuse("a file where the run's folder is to be", false);
        }
        let (was_empty, has_ledger) = (names(&place).is_empty(), Ledger::is_in(&place));
        if !was_empty && !has_ledger && replace != Replace::Anything {
            return refuse("a folder that is no run's", true);
        }
        // Its lock is in it: what it is in may be read-only.
        let lock = Lock::on(&place.join(Ledger::FILE)).map_err(|error| match error {
            ArtefactError::Busy { .. } => ArtefactError::Busy { path: path.to_owned() },
            other => other,
        })?;
        let replace = if replace == Replace::Anything { replace } else { Replace::OwnWay };
        let folder = Self { path: path.to_owned(), place, replace, was_empty, _lock: lock };
        if !has_ledger {
            Ledger::open(&folder.place).begin()?;
        }
        Ok(folder)
    }

    /// The folder as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn replace(&self) -> Replace {
        self.replace
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        let is_unused = self.was_empty && names(&self.place).iter().all(|name| name == Ledger::FILE);
        if is_unused && Ledger::open(&self.place).is_empty() {
            let _ = std::fs::remove_file(self.place.join(Ledger::FILE));
        }
    }
}

/// What is in a folder, beside what writers keep there for the moment.
fn names(folder: &Path) -> Vec<OsString> {
    let entries = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.file_name());
    entries.filter(|name| !name.to_string_lossy().starts_with(".ilrec-")).collect()
}
