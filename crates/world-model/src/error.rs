//! What can go wrong with a world.

use std::path::PathBuf;

/// A world that cannot be fitted, read or trusted.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A setting that has no meaning.
    #[error("setting {setting} must be {expected}, got {got}")]
    Setting {
        /// The name as in the configuration.
        setting: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was given.
        got: String,
    },
    /// There is nothing to fit on.
    #[error("cannot fit a world: {what}")]
    TooLittleData {
        /// What is missing.
        what: String,
    },
    /// A directory that cannot be written or trusted.
    #[error(transparent)]
    Artefact(#[from] artefact::ArtefactError),
    /// A file inside a world directory that does not hold what the manifest promises.
    #[error("damaged world ({what}): {}", path.display())]
    Damaged {
        /// What does not fit.
        what: String,
        /// The directory.
        path: PathBuf,
    },
    /// A matrix file that cannot be read.
    #[error(transparent)]
    Matrix(#[from] crate::MatrixError),
    /// A matrix that does not fit its dataset.
    #[error("{what}: {}", path.display())]
    MatrixMismatch {
        /// What does not fit.
        what: String,
        /// The matrix.
        path: PathBuf,
    },
    /// A world beside a dataset that it was not made from.
    #[error("the world was made from {what} {expected}, not from {got}")]
    OtherInput {
        /// Dataset or catalogue.
        what: &'static str,
        /// The hash the world carries.
        expected: String,
        /// The hash of what it was opened with.
        got: String,
    },
}
