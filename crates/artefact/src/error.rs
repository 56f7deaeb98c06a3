//! What can go wrong with a directory on disk.

use std::path::PathBuf;

/// An artefact that cannot be written or trusted.
#[derive(Debug, thiserror::Error)]
pub enum ArtefactError {
    /// The operating system refused.
    #[error("cannot {action}: {source}: {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// There is something else where the artefact should be.
    #[error("not an ilrec {expected} directory: {}", path.display())]
    NotAnArtefact {
        /// The kind that was wanted.
        expected: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// An artefact of another kind.
    #[error("expected {} directory, got {}: {}", with_article(expected), with_article(got), path.display())]
    WrongKind {
        /// The kind that was wanted.
        expected: &'static str,
        /// The kind that is there.
        got: String,
        /// Where.
        path: PathBuf,
    },
    /// Written by another version of the format.
    #[error("format version {got}, this binary reads {expected}: {}", path.display())]
    WrongVersion {
        /// The version this binary reads.
        expected: u32,
        /// The version found.
        got: u32,
        /// Where.
        path: PathBuf,
    },
    /// A file that does not match its hash or its format.
    #[error("damaged file ({what}): {}", path.display())]
    Damaged {
        /// What is wrong with it.
        what: String,
        /// Where.
        path: PathBuf,
    },
    /// Something stands where is to be written that is not replaced without being asked to.
    #[error("not replaced: {what}: {}", path.display())]
    Occupied {
        /// What stands there.
        what: String,
        /// Whether it is replaced when that is asked for.
        is_forceable: bool,
        /// Where.
        path: PathBuf,
    },
    /// Another process is writing there.
    #[error("another command is writing there: {}", path.display())]
    Busy {
        /// Where.
        path: PathBuf,
    },
}

/// A word with its indefinite article: a world, an evaluation.
pub fn with_article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {word}")
}

impl ArtefactError {
    /// Wraps a system error with what was tried and where.
    pub fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Where it went wrong.
    pub fn path(&self) -> &std::path::Path {
        match self {
            Self::Io { path, .. }
            | Self::NotAnArtefact { path, .. }
            | Self::WrongKind { path, .. }
            | Self::WrongVersion { path, .. }
            | Self::Damaged { path, .. }
            | Self::Occupied { path, .. }
            | Self::Busy { path } => path,
        }
    }
}
