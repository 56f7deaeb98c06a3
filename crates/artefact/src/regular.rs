//! Opening files that somebody else may have put there: regular ones only, and without waiting for anybody.

use crate::ArtefactError;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::path::Path;

/// Opens a regular file. A pipe, a device or a directory is damage, and so is nothing at all.
pub(crate) fn open_regular(path: &Path) -> Result<File, ArtefactError> {
    let damaged = |what: &str| ArtefactError::Damaged { what: what.to_owned(), path: path.to_owned() };
    let opening = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => damaged("missing"),
        _ => ArtefactError::io("open", path)(error),
    };
    // Looked at before it is opened, because opening a device can do something; and after, because it may be another by then.
    if !std::fs::metadata(path).map_err(opening)?.is_file() {
        return Err(damaged("not a regular file"));
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path).map_err(opening)?;
    if file.metadata().map_err(opening)?.is_file() { Ok(file) } else { Err(damaged("not a regular file")) }
}

/// The bytes of a regular file of at most `limit` bytes.
pub(crate) fn read_regular(path: &Path, limit: u64) -> Result<Vec<u8>, ArtefactError> {
    let mut bytes = Vec::new();
    let file = open_regular(path)?;
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(ArtefactError::io("read", path))?;
    if bytes.len() as u64 > limit {
        let what = format!("more than {limit} bytes");
        return Err(ArtefactError::Damaged { what, path: path.to_owned() });
    }
    Ok(bytes)
}

/// The hash and the length of a regular file. A file that is not as long as it should be is not read.
pub(crate) fn hash_of(path: &Path, expected: Option<u64>) -> Result<(String, u64), ArtefactError> {
    let mut file = open_regular(path)?;
    let length = file.metadata().map_err(ArtefactError::io("open", path))?.len();
    if let Some(expected) = expected.filter(|&expected| expected != length) {
        let what = format!("{length} bytes where there were {expected}");
        return Err(ArtefactError::Damaged { what, path: path.to_owned() });
    }
    let mut hasher = blake3::Hasher::new();
    std::io::copy(&mut file, &mut hasher).map_err(ArtefactError::io("read", path))?;
    Ok((hasher.finalize().to_hex().to_string(), length))
}
