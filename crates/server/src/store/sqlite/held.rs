//! A store's file in one server's hands: locked against a second one, and known again.
//!
//! A file that is removed, replaced or cut goes on taking writes, as long as somebody has it open; what is written then is
//! gone with the process. So the file at the store's path is compared with the one that was opened.

use super::super::StoreError;
use super::super::queue::locked;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The locks, and what the files looked like.
#[derive(Debug)]
pub(super) struct Held {
    path: PathBuf,
    /// Open as long as SQLite has it: whoever closes the file gives up SQLite's own locks on it.
    database: File,
    lock: Mutex<File>,
    /// The number by which the file is known; the second one until the first one is in the header.
    stamps: [u32; 2],
    log: Mutex<Option<Seen>>,
    /// How long the file was when it was last found whole.
    length: Mutex<u64>,
}

/// Which file, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    file: (u64, u64),
    length: u64,
}

/// SQLite's header, as far as it is looked at.
const HEADER: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";
const PAGE_BYTES: usize = 16;
const N_PAGES: usize = 28;
const STAMP: usize = 68;

/// A number of the header.
fn number(header: &[u8; HEADER], at: usize) -> u32 {
    let bytes = header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    u32::from_be_bytes(bytes.unwrap_or_default())
}

/// The file of this ending that belongs to a store, wherever links lead.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string();
    name.push(ending);
    name.into()
}

impl Held {
    /// Keeps other servers away until the value or the process is gone: by a lock file, and where the system keeps such locks
    /// apart from SQLite's own, by a lock on the file itself, which nobody can remove.
    ///
    /// # Errors
    /// When another server has it, or the system refuses.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let fails = |source| StoreError::Lock { path: path.to_owned(), source };
        let lock = lock_file(path)?;
        let database = private().read(true).write(true).create(true).truncate(false).open(path);
        let database = database.map_err(fails)?;
        if cfg!(target_os = "linux") {
            take(&database, path)?;
        }
        let (log, length, stamps) = Default::default();
        Ok(Self { path: path.to_owned(), database, lock: Mutex::new(lock), stamps, log, length })
    }

    /// The same with the number that is in the file's header.
    pub(super) fn known(self, stamp: u32) -> Self {
        let before = self.header().map_or(stamp, |header| number(&header, STAMP));
        let held = Self { stamps: [stamp, before], ..self };
        held.remember();
        *locked(&held.length) = held.database.metadata().map_or(0, |file| file.len());
        held
    }

    /// Bytes on disk.
    pub(super) fn bytes(&self) -> Option<u64> {
        let log = std::fs::metadata(self.log_path()).map_or(0, |file| file.len());
        Some(std::fs::metadata(&self.path).ok()?.len() + log)
    }

    /// Whether the `-wal` file has less in it than when it was last looked at.
    pub(super) fn is_log_shorter(&self) -> bool {
        let known = *locked(&self.log);
        let now = seen(&self.log_path());
        matches!((known, now), (Some(known), Some(now)) if now.file == known.file && now.length < known.length)
    }

    /// Takes what the `-wal` file looks like as right.
    pub(super) fn remember(&self) {
        *locked(&self.log) = seen(&self.log_path());
    }

    /// Checks that what is written lands in the files at the store's path.
    ///
    /// # Errors
    /// What happened to them, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        let own = self.database.metadata().map_err(|error| error.to_string())?;
        match std::fs::metadata(&self.path) {
            Ok(there) if identity(&there) == identity(&own) => {}
            Ok(_) => return Err(self.lost("another file was put in its place")),
            Err(error) => return Err(self.lost(&format!("its file is gone ({error})"))),
        }
        self.check_header(own.len())?;
        if let Some(known) = *locked(&self.log)
            && seen(&self.log_path()).is_none_or(|now| now.file != known.file)
        {
            return Err(self.lost("its -wal file was removed or replaced"));
        }
        self.keep_lock()
    }

    /// The header says which store it is, and how many pages there are. Some of the last ones may be in the `-wal` file
    /// alone, where somebody reads what was there before them; so a file that lacks pages was cut if it has become shorter.
    fn check_header(&self, length: u64) -> Result<(), String> {
        let Some(header) = self.header() else { return Err(self.lost("its file was cut")) };
        if !header.starts_with(MAGIC) || !self.stamps.contains(&number(&header, STAMP)) {
            return Err(self.lost("something else was written over its file"));
        }
        let page = match number(&header, PAGE_BYTES) >> 16 {
            1 => 1 << 16,
            page => page,
        };
        let is_whole = u64::from(number(&header, N_PAGES)) * u64::from(page) <= length;
        let mut known = locked(&self.length);
        if length < *known && !is_whole {
            return Err(self.lost("its file was cut"));
        }
        *known = length;
        Ok(())
    }

    #[cfg(unix)]
    fn header(&self) -> Option<[u8; HEADER]> {
        let mut header = [0; HEADER];
        std::os::unix::fs::FileExt::read_exact_at(&self.database, &mut header, 0).ok()?;
        Some(header)
    }

    #[cfg(not(unix))]
    fn header(&self) -> Option<[u8; HEADER]> {
        use std::io::{Read as _, Seek as _, SeekFrom};
        let (mut header, mut file) = ([0; HEADER], &self.database);
        file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut header)).ok()?;
        Some(header)
    }

    /// A lock file that somebody removed is made and taken again, unless another server was faster.
    fn keep_lock(&self) -> Result<(), String> {
        let mut lock = locked(&self.lock);
        let own = lock.metadata().map(|own| identity(&own)).ok();
        let there = std::fs::metadata(beside(&self.path, ".lock")).map(|there| identity(&there)).ok();
        if there.is_some() && there == own {
            return Ok(());
        }
        *lock = lock_file(&self.path).map_err(|error| self.lost(&error.to_string()))?;
        tracing::warn!("the lock of the store was removed, and is made again: {}.lock", self.path.display());
        Ok(())
    }

    fn log_path(&self) -> PathBuf {
        beside(&self.path, "-wal")
    }

    fn lost(&self, why: &str) -> String {
        format!("{why}: {}", self.path.display())
    }
}

fn lock_file(path: &Path) -> Result<File, StoreError> {
    let fails = |source| StoreError::Lock { path: path.to_owned(), source };
    let lock = private().write(true).create(true).truncate(false).open(beside(path, ".lock"));
    let lock = lock.map_err(fails)?;
    take(&lock, path)?;
    Ok(lock)
}

fn take(file: &File, path: &Path) -> Result<(), StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StoreError::Taken { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StoreError::Lock { path: path.to_owned(), source }),
    }
}

/// Histories of people are nobody else's business.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn seen(path: &Path) -> Option<Seen> {
    let about = std::fs::metadata(path).ok()?;
    Some(Seen { file: identity(&about), length: about.len() })
}

#[cfg(unix)]
fn identity(about: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (about.dev(), about.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
