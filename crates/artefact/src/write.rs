//! Writing a directory aside and renaming it; opening one and checking it.

use crate::manifest::FORMAT_VERSION;
use crate::staging::{self, LOCK, Staging};
use crate::{ArtefactError, Kind, Manifest};
use std::path::{Path, PathBuf};

const MANIFEST: &str = "manifest.json";

/// A directory being written beside its final place. Dropped without [`Draft::seal`], it leaves nothing; what a
/// killed writer left is removed by the next one in the same place.
#[derive(Debug)]
pub struct Draft {
    staging: Staging,
    target: PathBuf,
    manifest: Manifest,
}

impl Draft {
    /// Starts a directory that will become `target`.
    ///
    /// # Errors
    /// When the parent directory cannot be made or written to.
    pub fn new(
        kind: Kind,
        target: &Path,
        seed: u64,
        config: serde_json::Value,
    ) -> Result<Self, ArtefactError> {
        let parent = parent_of(target);
        std::fs::create_dir_all(parent).map_err(ArtefactError::io("create directory", parent))?;
        let staging = Staging::begin(parent)?;
        let manifest = Manifest {
            kind,
            format_version: FORMAT_VERSION,
            inputs: Default::default(),
            config,
            seed,
            files: Default::default(),
        };
        Ok(Self { staging, target: target.to_owned(), manifest })
    }

    /// Names an artefact this one was made from.
    pub fn input(&mut self, name: &str, hash: &str) {
        self.manifest.inputs.insert(name.to_owned(), hash.to_owned());
    }

    /// Where a file of the directory is to be written now. `name` has no directories in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.staging.path().join(name)
    }

    /// Writes one file.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ArtefactError> {
        let path = self.file(name);
        std::fs::write(&path, bytes).map_err(ArtefactError::io("write", &path))
    }

    /// Writes one value as indented JSON.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_json(&self, name: &str, value: &impl serde::Serialize) -> Result<(), ArtefactError> {
        let bytes = serde_json::to_vec_pretty(value).expect("artefact values are plain data");
        self.write(name, &bytes)
    }

    /// Hashes every file, writes the manifest, flushes, and renames the directory into place, replacing an
    /// artefact that stood there.
    ///
    /// # Errors
    /// When the disk refuses, or something that is not an artefact stands in the way.
    pub fn seal(mut self) -> Result<Artefact, ArtefactError> {
        let staging = self.staging.path().to_owned();
        for entry in std::fs::read_dir(&staging).map_err(ArtefactError::io("list", &staging))? {
            let entry = entry.map_err(ArtefactError::io("list", &staging))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == LOCK {
                continue;
            }
            self.manifest.files.insert(name, hash_file(&entry.path())?);
        }
        self.write_json(MANIFEST, &self.manifest)?;
        for name in self.manifest.files.keys().map(String::as_str).chain([MANIFEST]) {
            let path = self.file(name);
            std::fs::File::open(&path)
                .and_then(|file| file.sync_all())
                .map_err(ArtefactError::io("flush", &path))?;
        }
        let replaced = self.make_room()?;
        let kept = self.staging.release()?;
        std::fs::rename(&kept, &self.target).map_err(ArtefactError::io("rename", &self.target))?;
        drop(replaced);
        Ok(Artefact { path: self.target, manifest: self.manifest })
    }

    /// Moves an artefact that stands in the way aside; it goes away once the new one stands.
    fn make_room(&self) -> Result<Option<Staging>, ArtefactError> {
        if !self.target.exists() {
            return Ok(None);
        }
        let is_empty = self.target.read_dir().is_ok_and(|mut entries| entries.next().is_none());
        if !is_empty && !self.target.join(MANIFEST).is_file() {
            let expected = self.manifest.kind.word();
            return Err(ArtefactError::NotAnArtefact { expected, path: self.target.clone() });
        }
        staging::aside(&self.target, parent_of(&self.target)).map(Some)
    }
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A sealed directory.
#[derive(Clone, Debug)]
pub struct Artefact {
    path: PathBuf,
    manifest: Manifest,
}

impl Artefact {
    /// Opens a directory, and checks its kind, its format version and the hash of every file.
    ///
    /// # Errors
    /// When it is absent, of another kind or version, or damaged.
    pub fn open(kind: Kind, path: &Path) -> Result<Self, ArtefactError> {
        let manifest_path = path.join(MANIFEST);
        let bytes = std::fs::read(&manifest_path)
            .map_err(|_| ArtefactError::NotAnArtefact { expected: kind.word(), path: path.to_owned() })?;
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|e| ArtefactError::Damaged { what: e.to_string(), path: manifest_path.clone() })?;
        if manifest.kind != kind {
            let got = manifest.kind.word().to_owned();
            return Err(ArtefactError::WrongKind { expected: kind.word(), got, path: path.to_owned() });
        }
        if manifest.format_version != FORMAT_VERSION {
            let (expected, got) = (FORMAT_VERSION, manifest.format_version);
            return Err(ArtefactError::WrongVersion { expected, got, path: path.to_owned() });
        }
        for (name, hash) in &manifest.files {
            let file = path.join(name);
            if !is_plain_name(name) || hash_file(&file)? != *hash {
                return Err(ArtefactError::Damaged { what: "hash differs".into(), path: file });
            }
        }
        Ok(Self { path: path.to_owned(), manifest })
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

    /// The path of one file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The bytes of one file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, ArtefactError> {
        let path = self.file(name);
        std::fs::read(&path).map_err(ArtefactError::io("read", &path))
    }

    /// One JSON file.
    ///
    /// # Errors
    /// When it cannot be read or has another shape.
    pub fn read_json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, ArtefactError> {
        let bytes = self.read(name)?;
        serde_json::from_slice(&bytes)
            .map_err(|e| ArtefactError::Damaged { what: e.to_string(), path: self.file(name) })
    }
}

/// Replaces one file as a whole: writes beside it, flushes, renames. A kill leaves the old file or the new one.
///
/// # Errors
/// When the disk refuses.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), ArtefactError> {
    let parent = parent_of(path);
    std::fs::create_dir_all(parent).map_err(ArtefactError::io("create directory", parent))?;
    let mut aside =
        as_usual(0o666).tempfile_in(parent).map_err(ArtefactError::io("create file in", parent))?;
    std::io::Write::write_all(&mut aside, bytes)
        .and_then(|()| aside.as_file().sync_all())
        .map_err(ArtefactError::io("write", path))?;
    let renamed = aside.persist(path).map_err(|e| e.error);
    renamed.map(drop).map_err(ArtefactError::io("rename", path))
}

/// A file or directory that others may use as the umask says: it is temporary by its name alone.
pub(crate) fn as_usual(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

fn is_plain_name(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|last| last == name)
}

fn hash_file(path: &Path) -> Result<String, ArtefactError> {
    let mut file = std::fs::File::open(path).map_err(ArtefactError::io("open", path))?;
    let mut hasher = blake3::Hasher::new();
    std::io::copy(&mut file, &mut hasher).map_err(ArtefactError::io("read", path))?;
    Ok(hasher.finalize().to_hex().to_string())
}
