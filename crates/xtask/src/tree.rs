//! The files of the project: everything that is not built, downloaded or version control's own.

use std::path::Path;

/// Folders whose content is made by commands.
const MADE: [&str; 4] = ["target", "runs", "quickstart", "__pycache__"];

/// Hidden folders that are part of the project.
const HIDDEN: [&str; 2] = [".cargo", ".ci"];

/// Relative name and content of every UTF-8 file below `root`.
pub(crate) fn text_files(root: &Path) -> Result<Vec<(String, String)>, String> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|e| e.to_string())?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                let at_root = folder == root;
                // `bench/runs` is committed; only the `runs` folder at the top is made by commands.
                let is_made = MADE.contains(&name.as_str()) && (at_root || name == "__pycache__");
                if !is_made && (!name.starts_with('.') || HIDDEN.contains(&name.as_str())) {
                    folders.push(path);
                }
            // In a linked working tree `.git` is a file with the place of the repository.
            } else if name != "Cargo.lock"
                && name != ".git"
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let relative = path.strip_prefix(root).unwrap_or(&path);
                files.push((relative.to_string_lossy().into_owned(), text));
            }
        }
    }
    files.sort();
    Ok(files)
}
