//! Where commands write: claimed when they begin, so that nobody else writes there and nothing is lost by it.

use crate::context::Global;
use crate::failure::Failure;
use artefact::{ArtefactError, Claim, Kind, Lock, Replace};
use std::io::Read as _;
use std::path::Path;

/// As much of a file as is looked at to see whose it is.
const BEGINNING: u64 = 4096;

impl Global {
    /// What may be replaced.
    pub(crate) fn replace(&self) -> Replace {
        if self.force { Replace::Anything } else { Replace::Cheap }
    }

    /// The right to write a directory; `way` is the command.
    pub(crate) fn claim(&self, kind: Kind, out: &Path, way: &str) -> Result<Claim, Failure> {
        Ok(Claim::on(out, kind, way, self.replace())?)
    }

    /// The right to write a file: one that is not there, or begins as ours do.
    pub(crate) fn claim_file(&self, out: &Path, is_ours: fn(&[u8]) -> bool) -> Result<Lock, Failure> {
        let refuse = |what: &str, is_forceable| {
            let (what, path) = (what.to_owned(), out.to_owned());
            Err(ArtefactError::Occupied { what, is_forceable, path }.into())
        };
        let is_there = match std::fs::metadata(out) {
            Err(_) => false,
            Ok(about) if about.is_dir() => return refuse("a folder where a file is to be written", false),
            Ok(about) if !about.is_file() => return refuse("neither a folder nor a file", false),
            Ok(_) => true,
        };
        let lock = Lock::on(out)?;
        if is_there && !self.force {
            let mut beginning = Vec::new();
            std::fs::File::open(out)
                .and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning))
                .map_err(|error| Failure::reading(out, &error))?;
            if !is_ours(&beginning) {
                return refuse("a file that this command did not write", true);
            }
        }
        Ok(lock)
    }
}

#[cfg(test)]
mod tests;
