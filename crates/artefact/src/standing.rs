//! What stands where something is to be written, and whether it is ours to replace.

use crate::cost::Spent;
use crate::manifest::MANIFEST;
use crate::{ArtefactError, Manifest};
use std::fs::FileType;
use std::path::Path;

/// Files that file managers leave in every folder they show.
const DUST: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];
/// How many names of a stranger's folder are said.
const N_NAMED: usize = 3;

/// What stands at a path.
#[derive(Debug)]
pub(crate) enum Standing {
    /// Nothing.
    Nothing,
    /// A folder with nothing in it.
    Empty,
    /// A directory of ours with nothing else in it, and what it cost, where it says.
    Ours(Box<Manifest>, Option<Spent>),
    /// Somebody else's folder or file, in words.
    Others(String),
    /// What is neither a folder nor a file.
    Special,
}

impl Standing {
    /// Looks. The path itself must not be a link.
    pub(crate) fn at(path: &Path) -> Result<Self, ArtefactError> {
        let kind = match std::fs::symlink_metadata(path) {
            Ok(about) => about.file_type(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::Nothing),
            Err(error) => return Err(ArtefactError::io("look at", path)(error)),
        };
        if !kind.is_dir() {
            return Ok(Self::of_no_folder(kind));
        }
        let entries = std::fs::read_dir(path).map_err(ArtefactError::io("list", path))?;
        let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        let names: Vec<String> = names.collect::<Result<_, _>>().map_err(ArtefactError::io("list", path))?;
        if names.is_empty() {
            return Ok(Self::Empty);
        }
        let Some(manifest) = Manifest::of(path) else {
            let what = format!("a folder that ilrec did not make, with {}", listed(names));
            return Ok(Self::Others(what));
        };
        let is_ours = |name: &String| {
            let is_named = manifest.files.contains_key(name) || manifest.beside.contains_key(name);
            is_named || name == MANIFEST || DUST.contains(&name.as_str())
        };
        let strangers: Vec<String> = names.into_iter().filter(|name| !is_ours(name)).collect();
        if !strangers.is_empty() {
            let what = manifest.kind.a_directory();
            return Ok(Self::Others(format!("{what} with what is no part of it, {}", listed(strangers))));
        }
        let spent = Spent::of(path, &manifest);
        Ok(Self::Ours(Box::new(manifest), spent))
    }

    fn of_no_folder(kind: FileType) -> Self {
        if kind.is_file() { Self::Others("a file".to_owned()) } else { Self::Special }
    }
}

fn listed(mut names: Vec<String>) -> String {
    names.sort();
    let n_more = names.len().saturating_sub(N_NAMED);
    let more = if n_more > 0 { format!(" and {n_more} more") } else { String::new() };
    names.truncate(N_NAMED);
    names.join(", ") + &more
}
