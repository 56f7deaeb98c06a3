//! Opening a directory and checking it.

use crate::manifest::FORMAT_VERSION;
use crate::regular::{hash_of, read_regular};
use crate::resolve::resolved;
use crate::staging::mend_target;
use crate::{ArtefactError, Kind, Manifest};
use std::path::{Path, PathBuf};

/// A sealed directory.
#[derive(Clone, Debug)]
pub struct Artefact {
    path: PathBuf,
    manifest: Manifest,
}

impl Artefact {
    /// Opens a directory, and checks its kind, its format version, its manifest and the hash of every file. One that a
    /// killed writer had moved aside is moved back first.
    ///
    /// # Errors
    /// When it is absent, of another kind or version, or damaged.
    pub fn open(kind: Kind, path: &Path) -> Result<Self, ArtefactError> {
        if !path.exists()
            && let Ok(target) = resolved(path)
        {
            mend_target(&target);
        }
        let manifest = Manifest::read(path, kind)?;
        if manifest.kind != kind {
            let got = manifest.kind.word().to_owned();
            return Err(ArtefactError::WrongKind { expected: kind.word(), got, path: path.to_owned() });
        }
        if manifest.format_version != FORMAT_VERSION {
            let (expected, got) = (FORMAT_VERSION, manifest.format_version);
            return Err(ArtefactError::WrongVersion { expected, got, path: path.to_owned() });
        }
        let damaged = |what: &str, path: PathBuf| ArtefactError::Damaged { what: what.to_owned(), path };
        if manifest.files.is_empty() {
            return Err(damaged("the manifest names no files", path.to_owned()));
        }
        for (name, hash) in manifest.files.iter().chain(&manifest.beside) {
            let file = path.join(name);
            if !is_plain_name(name) {
                return Err(damaged("a name with a folder in it", file));
            }
            if hash_of(&file, manifest.sizes.get(name).copied())?.0 != *hash {
                return Err(damaged("hash differs", file));
            }
        }
        Ok(Self { path: path.to_owned(), manifest })
    }

    pub(crate) fn sealed(path: &Path, manifest: Manifest) -> Self {
        Self { path: path.to_owned(), manifest }
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The artefact's hash.
    pub fn hash(&self) -> String {
        self.manifest.hash()
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a file is part of it.
    pub fn has(&self, name: &str) -> bool {
        self.manifest.files.contains_key(name) || self.manifest.beside.contains_key(name)
    }

    /// The path of one file in it.
    ///
    /// # Errors
    /// When the manifest does not name it, so that nothing was checked.
    pub fn file(&self, name: &str) -> Result<PathBuf, ArtefactError> {
        let path = self.path.join(name);
        if self.has(name) {
            return Ok(path);
        }
        Err(ArtefactError::Damaged { what: "the manifest does not name it".to_owned(), path })
    }

    /// The bytes of one file.
    ///
    /// # Errors
    /// When it is no part of the artefact or cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, ArtefactError> {
        read_regular(&self.file(name)?, u64::MAX)
    }

    /// One JSON file.
    ///
    /// # Errors
    /// When it cannot be read or has another shape.
    pub fn read_json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, ArtefactError> {
        let bytes = self.read(name)?;
        serde_json::from_slice(&bytes)
            .map_err(|e| ArtefactError::Damaged { what: e.to_string(), path: self.path.join(name) })
    }
}

fn is_plain_name(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|last| last == name)
}
