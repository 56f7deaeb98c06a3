//! One file of an input, wherever it stands.

use super::kinds::PACKED_ENDS;
use super::text::reading_error;
use super::unpack::{self, BUFFER, Bounded, Stream, expanded_limit};
use super::{Encoding, Text};
use crate::{DataError, Problem};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use tempfile::TempPath;

/// One file of an input.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// As the user knows it.
    path: PathBuf,
    /// What came through a pipe, or was unpacked; it goes with the last member that knows it.
    kept: Option<Arc<TempPath>>,
    in_archive: Option<String>,
    /// The archive, opened once for all its files: its table of contents may be long.
    archive: Option<Shared>,
}

type Archive = zip::ZipArchive<BufReader<File>>;

#[derive(Clone)]
struct Shared(Rc<RefCell<Archive>>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

/// The most bytes that are read from a pipe.
const PIPE_LIMIT: u64 = 64 << 30;

impl Member {
    /// A file by itself.
    pub(crate) fn file(path: &Path) -> Self {
        Self { path: path.to_owned(), kept: None, in_archive: None, archive: None }
    }

    /// A file by itself, or what comes through a pipe.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let fail = |error: io::Error| DataError::new(error, path);
        let kind = std::fs::metadata(path).map_err(fail)?.file_type();
        if kind.is_file() {
            return Ok(Self::file(path));
        }
        if !is_pipe(kind) {
            let (what, hint) = ("something that is no file, folder or pipe".into(), "name a file");
            return Err(DataError::new(Problem::NotRead { what, hint }, path));
        }
        let pipe = Bounded::new(File::open(path).map_err(fail)?, PIPE_LIMIT);
        Ok(Self { kept: Some(keep(pipe, path)?), ..Self::file(path) })
    }

    /// The files of the archive that this file is.
    pub(super) fn members(&self, archive: Archive, names: Vec<String>) -> Vec<Self> {
        let shared = Shared(Rc::new(RefCell::new(archive)));
        let member = |name| Self { in_archive: Some(name), archive: Some(shared.clone()), ..self.clone() };
        names.into_iter().map(member).collect()
    }

    /// Whether the file is one of several that `input` could hold.
    pub(super) fn is_packed_in(&self, input: &Path) -> bool {
        self.in_archive.is_some() || self.path != input
    }

    /// The path for messages.
    pub(crate) fn shown_path(&self) -> PathBuf {
        match &self.in_archive {
            Some(name) => self.path.join(name),
            None => self.path.clone(),
        }
    }

    /// Where it stands in its folder or archive.
    pub(crate) fn place(&self) -> String {
        self.in_archive.clone().unwrap_or_else(|| self.name().to_owned())
    }

    /// The folder within the archive; nothing for a file in a folder.
    pub(super) fn folder(&self) -> Option<&str> {
        self.in_archive.as_deref()?.rsplit_once('/').map(|(folder, _)| folder)
    }

    /// The name without directories, for reports.
    pub(crate) fn name(&self) -> &str {
        let name = match &self.in_archive {
            Some(name) => name.rsplit('/').next(),
            None => self.path.file_name().and_then(|name| name.to_str()),
        };
        name.unwrap_or("")
    }

    /// The name without directories and `.gz` or another end that says how it is packed.
    pub(crate) fn base_name(&self) -> &str {
        let name = self.name();
        PACKED_ENDS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
    }

    /// The file of another name in the same folder, if there is one (with or without `.gz`).
    pub(crate) fn beside(&self, name: &str) -> Option<Self> {
        if self.in_archive.is_some() || self.kept.is_some() {
            return None;
        }
        let folder = self.path.parent()?;
        let packed = PACKED_ENDS.iter().map(|end| folder.join(format!("{name}{end}")));
        std::iter::once(folder.join(name))
            .chain(packed)
            .find(|path| path.is_file())
            .map(|path| Self::file(&path))
    }

    /// Whether it begins with some bytes, once unpacked.
    pub(crate) fn begins_with(&self, magic: &[u8]) -> Result<bool, DataError> {
        self.with_stream(|stream, size| {
            let (_, plain) = unpack::unpacked(stream, size)?;
            let mut head = Vec::new();
            plain.take(magic.len() as u64).read_to_end(&mut head)?;
            Ok(head == magic)
        })
    }

    /// Whether the file that it stands in begins with some bytes.
    pub(super) fn starts_with(&self, magic: &[u8]) -> Result<bool, DataError> {
        starts_with(self.stored(), magic).map_err(|error| DataError::new(error, &self.path))
    }

    /// The bytes on a disk by themselves, unpacked, for a reader that needs to seek.
    pub(crate) fn on_disk(&self) -> Result<Self, DataError> {
        let is_packed = self.with_stream(|stream, _| unpack::is_packed(stream))?;
        if self.in_archive.is_none() && !is_packed {
            return Ok(self.clone());
        }
        let kept = self.with_stream(|stream, size| {
            let (_, plain) = unpack::unpacked(stream, size)?;
            copied(Bounded::new(plain, expanded_limit(size)))
        })?;
        Ok(Self { kept: Some(kept), in_archive: None, path: self.shown_path(), archive: None })
    }

    /// The path of the bytes.
    pub(crate) fn stored(&self) -> &Path {
        self.kept.as_deref().map_or(self.path.as_path(), |kept| kept)
    }

    /// Opens it as an archive.
    pub(super) fn archive(&self) -> Result<Archive, DataError> {
        let file = File::open(self.stored()).map_err(|error| DataError::new(error, &self.path))?;
        zip::ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(error, &self.path))
    }

    /// Streams the decompressed text through `read`.
    pub(crate) fn read_text<T>(
        &self,
        encoding: Encoding,
        read: impl FnOnce(Text<'_>) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let shown = self.shown_path();
        self.with_stream(|stream, size| {
            let text = unpack::as_text(stream, size)?;
            Ok(read(Text::new(text, encoding, &shown)))
        })?
    }

    /// Hands out the stream of stored bytes and how many they are.
    fn with_stream<T>(&self, read: impl FnOnce(Stream<'_>, u64) -> io::Result<T>) -> Result<T, DataError> {
        let shown = self.shown_path();
        let fail = |error: io::Error| reading_error(error, &shown);
        match &self.in_archive {
            None => {
                let file = File::open(self.stored()).map_err(fail)?;
                let size = file.metadata().map_err(fail)?.len();
                read(Box::new(file), size).map_err(fail)
            }
            Some(name) => {
                let mut shared = self.archive.as_ref().and_then(|shared| shared.0.try_borrow_mut().ok());
                let mut own = if shared.is_none() { Some(self.archive()?) } else { None };
                let archive = own.as_mut().or(shared.as_deref_mut()).expect("one of them is there");
                let member = archive.by_name(name).map_err(|error| zip_error(error, &shown))?;
                // The archive may claim any size for a member; it cannot be larger than the archive.
                let size = member.compressed_size().min(self.stored().metadata().map_err(fail)?.len());
                read(Box::new(Bounded::new(member, expanded_limit(size))), size).map_err(fail)
            }
        }
    }
}

/// Whether a file begins with some bytes.
fn starts_with(path: &Path, magic: &[u8]) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(magic.len() as u64).read_to_end(&mut head)?;
    Ok(head == magic)
}

#[cfg(unix)]
fn is_pipe(kind: std::fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_: std::fs::FileType) -> bool {
    true
}

/// Writes a stream into a temporary file.
fn keep(stream: impl Read, path: &Path) -> Result<Arc<TempPath>, DataError> {
    copied(stream).map_err(|error| reading_error(error, path))
}

fn copied(stream: impl Read) -> io::Result<Arc<TempPath>> {
    let mut file = tempfile::NamedTempFile::new()?;
    io::copy(&mut BufReader::with_capacity(BUFFER, stream), &mut file)?;
    Ok(Arc::new(file.into_temp_path()))
}

fn zip_error(error: zip::result::ZipError, path: &Path) -> DataError {
    let problem = match error {
        zip::result::ZipError::UnsupportedArchive(what) => Problem::NotRead {
            what: format!("a zip archive of this kind ({what})"),
            hint: "unpack the archive, and import the folder",
        },
        zip::result::ZipError::Io(error) => return reading_error(error, path),
        other => Problem::Damaged(other.to_string()),
    };
    DataError::new(problem, path)
}
