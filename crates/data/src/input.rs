//! Where bytes come from: a file, a folder or a zip archive, compressed or not, checked while they stream by.

mod dialect;
mod missing;
pub(crate) mod names;
mod number;
mod roles;
mod separator;
mod table;
mod text;

pub use dialect::{Decimal, FieldSeparator};
pub use missing::Missing;
pub(crate) use names::plain_name;
pub(crate) use number::{is_nothing, parse_rating, parse_time, time_of_number, truth, untyped_id};
pub use roles::ColumnMap;
pub(crate) use roles::{Role, find_column, missing};
pub(crate) use separator::Separator;
pub(crate) use table::{Row, Table};
pub use text::Encoding;
pub(crate) use text::{Text, for_each_line, reading_error};

use crate::{DataError, Problem};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// What the user named: a file, a folder, or an archive.
#[derive(Debug)]
pub(crate) struct Input {
    path: PathBuf,
    members: Vec<Member>,
}

/// One file of an input.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    path: PathBuf,
    in_archive: Option<String>,
}

impl Input {
    /// Looks at a path. A folder's own files are its members (not those of its folders); of an archive, all.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let fail = |error: std::io::Error| DataError::new(error, path);
        let mut members = Vec::new();
        if path.is_dir() {
            for entry in std::fs::read_dir(path).map_err(fail)? {
                let file = entry.map_err(fail)?.path();
                if file.is_file() {
                    members.push(Member { path: file, in_archive: None });
                }
            }
            members.sort_by(|a, b| a.path.cmp(&b.path));
        } else if starts_with(path, b"PK\x03\x04")? {
            for name in archive(path)?.file_names() {
                let name = name.map_err(|error| DataError::new(Problem::Damaged(error.to_string()), path))?;
                if !is_safe(&name) {
                    return Err(DataError::new(Problem::UnsafeName(name.into_owned()), path));
                }
                if !name.ends_with('/') {
                    members.push(Member { path: path.to_owned(), in_archive: Some(name.into_owned()) });
                }
            }
            members.sort_by(|a, b| a.in_archive.cmp(&b.in_archive));
        } else {
            members.push(Member { path: path.to_owned(), in_archive: None });
        }
        Ok(Self { path: path.to_owned(), members })
    }

    /// The path as the user gave it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The member itself, where the input is a single file.
    pub(crate) fn single(&self) -> Option<&Member> {
        match &self.members[..] {
            [member] if member.in_archive.is_none() && member.path == self.path => Some(member),
            _ => None,
        }
    }

    /// The first member that has one of the names, by order of the names; `.gz` may follow.
    pub(crate) fn find(&self, names: &[&str]) -> Option<&Member> {
        names.iter().find_map(|name| self.members.iter().find(|member| member.base_name() == *name))
    }

    /// All members whose name (without `.gz`) satisfies `wanted`.
    pub(crate) fn matching(&self, wanted: impl Fn(&str) -> bool) -> Vec<&Member> {
        self.members.iter().filter(|member| wanted(member.base_name())).collect()
    }

    /// The error for a layout that is not there.
    pub(crate) fn lacks(&self, expected: &str) -> DataError {
        DataError::new(Problem::NotFound { expected: expected.to_owned() }, &self.path)
    }
}

impl Member {
    /// A file by itself.
    pub(crate) fn file(path: &Path) -> Self {
        Self { path: path.to_owned(), in_archive: None }
    }

    /// The path for messages.
    pub(crate) fn shown_path(&self) -> PathBuf {
        match &self.in_archive {
            Some(name) => self.path.join(name),
            None => self.path.clone(),
        }
    }

    /// The name without directories, for reports.
    pub(crate) fn name(&self) -> &str {
        let name = match &self.in_archive {
            Some(name) => name.rsplit('/').next(),
            None => self.path.file_name().and_then(|name| name.to_str()),
        };
        name.unwrap_or("")
    }

    /// The name without directories and `.gz`.
    pub(crate) fn base_name(&self) -> &str {
        self.name().strip_suffix(".gz").unwrap_or(self.name())
    }

    /// The file of another name in the same folder, if there is one (with or without `.gz`).
    pub(crate) fn beside(&self, name: &str) -> Option<Self> {
        let folder = self.plain_path()?.parent()?;
        let paths = [folder.join(name), folder.join(format!("{name}.gz"))];
        paths.into_iter().find(|path| path.is_file()).map(|path| Self::file(&path))
    }

    /// The path, if the file is not inside an archive (Parquet needs to seek).
    pub(crate) fn plain_path(&self) -> Option<&Path> {
        self.in_archive.is_none().then_some(self.path.as_path())
    }

    /// Streams the decompressed text through `read`.
    pub(crate) fn read_text<T>(
        &self,
        encoding: Encoding,
        read: impl FnOnce(Text<'_>) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let shown = self.shown_path();
        let fail = |error: std::io::Error| DataError::new(error, &shown);
        match &self.in_archive {
            None => {
                let file = File::open(&self.path).map_err(fail)?;
                let size = file.metadata().map_err(fail)?.len();
                let is_gzip = starts_with(&self.path, &GZIP)?;
                read(text(Box::new(BufReader::with_capacity(BUFFER, file)), is_gzip, size, encoding, &shown))
            }
            Some(name) => {
                let mut archive = archive(&self.path)?;
                let damaged =
                    |e: zip::result::ZipError| DataError::new(Problem::Damaged(e.to_string()), &shown);
                let member = archive.by_name(name).map_err(damaged)?;
                // The archive may claim any size for a member; it cannot be larger than the archive.
                let size = member.compressed_size().min(self.path.metadata().map_err(fail)?.len());
                let is_gzip = name.ends_with(".gz");
                let allowed = expanded_limit(size);
                let bounded = Bounded { inner: member, left: allowed, limit: allowed };
                read(text(
                    Box::new(BufReader::with_capacity(BUFFER, bounded)),
                    is_gzip,
                    size,
                    encoding,
                    &shown,
                ))
            }
        }
    }
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 1 << 16;

/// How much a compressed file of `size` bytes may unpack to. Logs shrink to a tenth or so; deflate can shrink
/// zeros to a thousandth.
fn expanded_limit(size: u64) -> u64 {
    (64 << 20) + size.saturating_mul(100)
}

fn text<'a>(raw: Box<dyn Read + 'a>, is_gzip: bool, size: u64, encoding: Encoding, shown: &Path) -> Text<'a> {
    if !is_gzip {
        return Text::new(raw, encoding, shown);
    }
    let limit = expanded_limit(size);
    Text::new(Box::new(Bounded { inner: MultiGzDecoder::new(raw), left: limit, limit }), encoding, shown)
}

/// A reader that refuses to give more than its limit.
struct Bounded<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(out)?;
        let limit = self.limit;
        self.left = self
            .left
            .checked_sub(n as u64)
            .ok_or_else(|| std::io::Error::other(Problem::Expands { limit }))?;
        Ok(n)
    }
}

fn archive(path: &Path) -> Result<zip::ZipArchive<BufReader<File>>, DataError> {
    let file = File::open(path).map_err(|error| DataError::new(error, path))?;
    zip::ZipArchive::new(BufReader::new(file))
        .map_err(|error| DataError::new(Problem::Damaged(error.to_string()), path))
}

/// Whether a file begins with some bytes.
pub(crate) fn starts_with(path: &Path, magic: &[u8]) -> Result<bool, DataError> {
    let fail = |error: std::io::Error| DataError::new(error, path);
    let mut file = File::open(path).map_err(fail)?;
    file.seek(SeekFrom::Start(0)).map_err(fail)?;
    let mut head = Vec::new();
    file.take(magic.len() as u64).read_to_end(&mut head).map_err(fail)?;
    Ok(head == magic)
}

/// Whether a name stays inside the archive: relative, without `..`, without drive letters or backslashes.
fn is_safe(name: &str) -> bool {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !name.contains(['\\', ':', '\0']) && !name.starts_with('/') && Path::new(name).components().all(is_plain)
}
