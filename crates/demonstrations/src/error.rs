//! What can go wrong with demonstrations.

use std::path::PathBuf;

/// Demonstrations that cannot be read, made or trusted.
#[derive(Debug, thiserror::Error)]
pub enum DemonstrationError {
    /// A directory that cannot be written or trusted.
    #[error(transparent)]
    Artefact(#[from] artefact::ArtefactError),
    /// The environment refused a step.
    #[error("the train world refused a step: {0}")]
    Environment(#[from] environment::EnvironmentError),
    /// The operating system refused.
    #[error("cannot read: {source}: {}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file that would not fit in memory.
    #[error("more than {limit} bytes after decompression: {}", path.display())]
    TooLarge {
        /// The most that is read.
        limit: u64,
        /// Where.
        path: PathBuf,
    },
    /// No file of the format.
    #[error("no {format} file in {}", path.display())]
    NoSource {
        /// The format that was asked for.
        format: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// A file of another shape.
    #[error("{what}: {name}")]
    Malformed {
        /// What is wrong with it, with the line where there is one.
        what: String,
        /// Which file.
        name: String,
    },
    /// Two options that exclude each other.
    #[error("{0}")]
    Contradiction(&'static str),
    /// Nothing was left to learn from.
    #[error("no demonstration could be made: {0}")]
    Nothing(String),
    /// Demonstrations of another dataset.
    #[error("demonstrations of dataset {expected}, used with dataset {got}")]
    OtherDataset {
        /// The dataset they were made with.
        expected: String,
        /// The dataset at hand.
        got: String,
    },
    /// Texts could not be turned into vectors.
    #[error("texts could not be turned into vectors: {0}")]
    Vectors(String),
    /// An address of an expert that is not understood.
    #[error("unknown expert `{0}`")]
    UnknownExpert(String),
}

impl DemonstrationError {
    /// A file of another shape.
    pub(crate) fn malformed(name: &str, what: impl Into<String>) -> Self {
        Self::Malformed { what: what.into(), name: name.to_owned() }
    }
}
