//! Where a path that is to be written really is.

use crate::ArtefactError;
use std::path::{Path, PathBuf};

const MOST_LINKS: usize = 40;

/// Where a path leads: the end of its symbolic links (which need not exist), with a name at its end. What is written
/// goes there, and the links stay.
///
/// # Errors
/// When links go in circles, or the path ends in `..` and does not exist.
pub fn resolved(path: &Path) -> Result<PathBuf, ArtefactError> {
    // Without a slash at the end, which would mean what a link leads to.
    let mut place: PathBuf = path.components().collect();
    for _ in 0..MOST_LINKS {
        let Ok(next) = std::fs::read_link(&place) else {
            if place.file_name().is_none() {
                return std::fs::canonicalize(&place).map_err(ArtefactError::io("find", path));
            }
            return Ok(place);
        };
        place = parent_of(&place).join(next).components().collect();
    }
    Err(ArtefactError::io("follow", path)(std::io::Error::other("too many symbolic links")))
}

/// The directory a path is in.
pub(crate) fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a directory with all that it is in, and says which were not there, the outermost first.
pub(crate) fn make_folders(folder: &Path) -> Result<Vec<PathBuf>, ArtefactError> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let mut made: Vec<PathBuf> = folder.ancestors().take_while(is_missing).map(Path::to_owned).collect();
    made.reverse();
    std::fs::create_dir_all(folder).map_err(ArtefactError::io("create directory", folder))?;
    Ok(made)
}

/// Removes what [`make_folders`] made as far as it is empty.
pub(crate) fn remove_empty(made: &[PathBuf]) {
    made.iter().rev().for_each(|folder| drop(std::fs::remove_dir(folder)));
}
