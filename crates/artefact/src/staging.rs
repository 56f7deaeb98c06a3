//! The folder beside a target in which a writer works, and what becomes of those whose writer was killed.
//!
//! There is one such folder for a target. Its writer holds a lock on a file in it for as long as it lives; the system
//! releases it however the writer ends. So whoever gets the lock knows that nobody is writing, and the second of two
//! writers of one target knows it at once. In the folder are the directory that is being written (`new`) and, where a
//! file system cannot swap two directories at once, for a moment the one that is being replaced (`old`).

use crate::ArtefactError;
use crate::resolve::{make_folders, parent_of, remove_empty};
use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) const PREFIX: &str = ".ilrec-writing-";
const LOCK: &str = ".lock";
const NEW: &str = "new";
const OLD: &str = "old";
/// What was replaced and is being removed.
const GONE: &str = "gone";
/// Where a version that locked no targets kept what it was replacing. It did not say where that had stood.
const OLD_OF_OLDER: &str = "replaced";
/// What a lock's file begins with while its folder is written in, and while it is being cleared away; the name of the
/// target follows.
const WRITING: &[u8] = b"writing\n";
const CLEARING: &[u8] = b"cleared\n";
/// Folders that are being removed, by whoever passes.
const TRASH: &str = ".ilrec-removing-";
/// A folder without a lock is about to get one; one this old is not.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);
/// How often is looked again, while somebody is removing what a killed writer left.
const N_TRIES: usize = 64;
/// Longer names of targets are hashed in the name of the folder.
const LONGEST_NAME: usize = 200;

/// The steps of putting a directory in its place, told to tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing was touched.
    Begins,
    /// What stood there was moved aside, and nothing stands there.
    MovedAside,
    /// The new one stands there, and the old one is still aside.
    Installed,
}

/// How a directory is put in its place.
pub(crate) struct Swap<'a> {
    /// Whether to ask the system to swap two directories at once.
    pub(crate) may_exchange: bool,
    /// Told each step before it goes on.
    pub(crate) told: &'a dyn Fn(Step),
}

/// The folder of a target. Dropped, it is removed with what is in it.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: PathBuf,
    target: PathBuf,
    /// Folders that were made for it.
    made: Vec<PathBuf>,
    _lock: File,
}

impl Staging {
    /// Takes the lock of `target`, mends what killed writers left around it, and makes its folder.
    pub(crate) fn begin(target: &Path) -> Result<Self, ArtefactError> {
        let parent = parent_of(target);
        let made = make_folders(parent)?;
        mend(parent);
        let found = folder_of(target).and_then(|folder| lock(&folder, target).map(|lock| (folder, lock)));
        match found {
            Ok((folder, lock)) => {
                settle(&folder, target);
                [NEW, OLD, GONE].iter().for_each(|name| remove(&folder.join(name)));
                Ok(Self { folder, target: target.to_owned(), made, _lock: lock })
            }
            Err(error) => {
                remove_empty(&made);
                Err(error)
            }
        }
    }

    /// The directory that is being written.
    pub(crate) fn new_folder(&self) -> PathBuf {
        self.folder.join(NEW)
    }

    /// Puts the new directory in the target's place, and removes what stood there. A kill at any moment leaves the old
    /// one or the new one, or what [`mend`] makes the old one of.
    pub(crate) fn install(&self, swap: &Swap<'_>) -> Result<(), ArtefactError> {
        let (new, old, target) = (self.new_folder(), self.folder.join(OLD), self.target.as_path());
        let replacing = |error| ArtefactError::io("replace", target)(error);
        (swap.told)(Step::Begins);
        if is_absent(target) {
            std::fs::rename(&new, target).map_err(replacing)?;
        } else if swap.may_exchange && exchange(&new, target).map_err(replacing)? {
            (swap.told)(Step::Installed);
            remove(&new);
        } else {
            std::fs::rename(target, &old).map_err(replacing)?;
            (swap.told)(Step::MovedAside);
            if let Err(error) = std::fs::rename(&new, target) {
                let back =
                    std::fs::rename(&old, target).or_else(|_| std::fs::rename(&old, free_beside(target)));
                return Err(back.err().map_or_else(|| replacing(error), replacing));
            }
            (swap.told)(Step::Installed);
            let gone = self.folder.join(GONE);
            let _ = std::fs::rename(&old, &gone);
            remove(&gone);
        }
        flush(parent_of(target))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if settle(&self.folder, &self.target) {
            clear(&self.folder);
        }
        remove_empty(&self.made);
    }
}

/// Where the folder of a target is.
fn folder_of(target: &Path) -> Result<PathBuf, ArtefactError> {
    let name = target.file_name().ok_or_else(|| {
        let nameless = std::io::Error::other("a path without a name");
        ArtefactError::io("write to", target)(nameless)
    })?;
    let mut own = OsString::from(PREFIX);
    if name.len() > LONGEST_NAME {
        own.push(&blake3::hash(name.as_encoded_bytes()).to_hex()[..32]);
    } else {
        own.push(name);
    }
    Ok(parent_of(target).join(own))
}

/// Makes the folder and takes its lock.
fn lock(folder: &Path, target: &Path) -> Result<File, ArtefactError> {
    let busy = || ArtefactError::Busy { path: target.to_owned() };
    for _ in 0..N_TRIES {
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(ArtefactError::io("create directory", folder)(error));
            }
            _ => {}
        }
        let path = folder.join(LOCK);
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = match opened {
            Ok(file) => file,
            // Somebody who removes a folder has just removed this one.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(ArtefactError::io("create", &path)(error)),
        };
        match file.try_lock() {
            Ok(()) if is_same(&file, &path) => {
                let name = target.file_name().unwrap_or_default().as_encoded_bytes();
                let text = [WRITING, name].concat();
                let written =
                    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(&text));
                written.map_err(ArtefactError::io("write", &path))?;
                return Ok(file);
            }
            Ok(()) => {}
            // Somebody is clearing away what a killed writer left, which takes a moment.
            Err(TryLockError::WouldBlock) if said(&file).starts_with(CLEARING) => {
                file.lock().map_err(ArtefactError::io("lock", &path))?;
            }
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            Err(TryLockError::Error(error)) => return Err(ArtefactError::io("lock", &path)(error)),
        }
    }
    Err(busy())
}

/// Whether the path still leads to the open file.
fn is_same(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let place =
            |about: std::io::Result<std::fs::Metadata>| about.ok().map(|about| (about.dev(), about.ino()));
        place(file.metadata()).is_some_and(|own| place(std::fs::metadata(path)) == Some(own))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// What a lock's file says.
fn said(mut file: &File) -> Vec<u8> {
    const MOST: u64 = 4096;
    let mut bytes = Vec::new();
    let _ = file.rewind().and_then(|()| file.take(MOST).read_to_end(&mut bytes));
    bytes
}

/// Mends one target if its writer was killed in the middle of a replacement.
pub(crate) fn mend_target(target: &Path) {
    if let Ok(folder) = folder_of(target)
        && folder.join(OLD).exists()
    {
        mend_folder(&folder);
    }
}

/// Puts back what killed writers in `parent` had moved aside, and removes the rest of what they left. What cannot be
/// mended stays: it is in nobody's way.
fn mend(parent: &Path) {
    let Ok(entries) = parent.read_dir() else { return };
    let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    for entry in entries.flatten().filter(is_folder) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(TRASH) {
            remove(&entry.path());
        } else if name.starts_with(PREFIX) {
            mend_folder(&entry.path());
        }
    }
}

fn mend_folder(folder: &Path) {
    let Ok(mut file) = File::options().read(true).write(true).open(folder.join(LOCK)) else {
        if is_old(folder) && !holds_replaced(folder) {
            clear(folder);
        }
        return;
    };
    // One that says nothing is of a writer who is about to lock it, or of an older version, whose writers say nothing.
    let text = said(&file);
    if text.is_empty() && !is_old(&folder.join(LOCK)) {
        return;
    }
    match file.try_lock() {
        Ok(()) if is_same(&file, &folder.join(LOCK)) => {}
        _ => return,
    }
    // The two words are of the same length.
    let _ = file.rewind().and_then(|()| file.write_all(CLEARING));
    let may_go = match plain_name(text.get(WRITING.len()..).unwrap_or_default()) {
        Some(name) => settle(folder, &folder.with_file_name(name)),
        None => !holds_replaced(folder),
    };
    if may_go {
        clear(folder);
    }
}

/// Whether there is something in a folder of which nobody knows where it stood.
fn holds_replaced(folder: &Path) -> bool {
    [OLD, OLD_OF_OLDER].iter().any(|name| !is_absent(&folder.join(name)))
}

/// Puts what was moved aside back if nothing stands in its place, and says whether the folder may be removed. For
/// whoever holds the lock.
fn settle(folder: &Path, target: &Path) -> bool {
    let old = folder.join(OLD);
    if is_absent(&old) {
        return true;
    }
    if is_absent(target) {
        return std::fs::rename(&old, target).is_ok();
    }
    // Without a new one it was replaced; else somebody put something there in between.
    is_absent(&folder.join(NEW)) || std::fs::rename(&old, free_beside(target)).is_ok()
}

/// Removes a folder of a writer: out of the way first, so that another writer can begin.
fn clear(folder: &Path) {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let own = format!("{TRASH}{}-{}", std::process::id(), name.trim_start_matches(PREFIX));
    let trash = folder.with_file_name(own);
    match std::fs::rename(folder, &trash) {
        Ok(()) => remove(&trash),
        Err(_) => remove(folder),
    }
}

/// A name beside a target that nothing has.
fn free_beside(target: &Path) -> PathBuf {
    let numbered = |n: u32| {
        let mut name = target.as_os_str().to_owned();
        name.push(format!(".kept-{n}"));
        PathBuf::from(name)
    };
    (1..).map(numbered).find(|path| is_absent(path)).unwrap_or_else(|| numbered(0))
}

/// Swaps two directories at once; `false` where the system or the file system cannot.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> std::io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Swaps two directories at once; `false` where the system or the file system cannot.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> std::io::Result<bool> {
    Ok(false)
}

/// Writes a directory's names to the disk, where the system can.
pub(crate) fn flush(folder: &Path) -> Result<(), ArtefactError> {
    let flushed = if cfg!(unix) { File::open(folder).and_then(|file| file.sync_all()) } else { Ok(()) };
    match flushed {
        Err(error) if error.kind() != std::io::ErrorKind::InvalidInput => {
            Err(ArtefactError::io("flush", folder)(error))
        }
        _ => Ok(()),
    }
}

/// Removes a directory with all in it, or a file; what a link leads to stays.
fn remove(path: &Path) {
    let is_folder = std::fs::symlink_metadata(path).is_ok_and(|about| about.is_dir());
    let _ = if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
}

fn is_absent(path: &Path) -> bool {
    matches!(std::fs::symlink_metadata(path), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
}

fn is_old(path: &Path) -> bool {
    let age = std::fs::symlink_metadata(path).and_then(|about| about.modified()).map(|time| time.elapsed());
    matches!(age, Ok(Ok(age)) if age > ABANDONED_AFTER)
}

#[cfg(unix)]
fn plain_name(bytes: &[u8]) -> Option<&OsStr> {
    let name: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(bytes);
    Path::new(name).file_name().filter(|last| *last == name)
}

#[cfg(not(unix))]
fn plain_name(bytes: &[u8]) -> Option<&OsStr> {
    let name = OsStr::new(std::str::from_utf8(bytes).ok()?);
    Path::new(name).file_name().filter(|last| *last == name)
}
