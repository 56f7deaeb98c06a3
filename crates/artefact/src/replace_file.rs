//! Replacing single files.

use crate::ArtefactError;
use crate::resolve::{parent_of, resolved};
use std::path::Path;

/// Replaces one file as a whole: writes beside it, flushes, renames. A kill leaves the old file or the new one. A
/// symbolic link stays, and the file that it leads to is replaced.
///
/// # Errors
/// When the disk refuses.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), ArtefactError> {
    let place = resolved(path)?;
    let parent = parent_of(&place);
    std::fs::create_dir_all(parent).map_err(ArtefactError::io("create directory", parent))?;
    let mut aside = new_in(parent, &place).map_err(ArtefactError::io("create file in", parent))?;
    std::io::Write::write_all(&mut aside, bytes)
        .and_then(|()| aside.as_file().sync_all())
        .map_err(ArtefactError::io("write", path))?;
    let renamed = aside.persist(&place).map_err(|e| e.error);
    renamed.map(drop).map_err(ArtefactError::io("rename", path))
}

/// A file that others may read as far as they may read what it replaces, or what is made here otherwise.
fn new_in(parent: &Path, place: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let usual: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(usual);
    let file = builder.tempfile_in(parent)?;
    if let Ok(about) = std::fs::metadata(place).map(|about| about.permissions()) {
        file.as_file().set_permissions(about)?;
    }
    Ok(file)
}
