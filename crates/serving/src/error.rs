//! What can be wrong with an artefact or a request.

use mdp::ItemIdx;
use std::path::PathBuf;

/// A refused artefact or request.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// A directory that cannot be opened or written.
    #[error(transparent)]
    Artefact(#[from] artefact::ArtefactError),
    /// Something in the directory that is no regular file.
    #[error("not a regular file: {}", path.display())]
    NoFile {
        /// Where.
        path: PathBuf,
    },
    /// The layout is of another version.
    #[error("serving layout {got}, this binary reads {expected}")]
    Version {
        /// The version this binary reads.
        expected: u32,
        /// The version found.
        got: u32,
    },
    /// The parts of the artefact do not belong together.
    #[error("the artefact does not fit together: {0}")]
    Mismatch(String),
    /// The artefact ranks otherwise than when it was exported.
    #[error("self-test {case}: item {item} scores {got}, expected {expected}")]
    SelfTest {
        /// Which case.
        case: usize,
        /// The item's row.
        item: u32,
        /// What was computed when it was exported.
        expected: f32,
        /// What is computed here.
        got: f32,
    },
    /// A row beyond the catalogue.
    #[error("item row {} is beyond the catalogue of {n_items}", .item.0)]
    NoSuchItem {
        /// The row.
        item: ItemIdx,
        /// Items of the catalogue.
        n_items: usize,
    },
    /// A rating that is not one.
    #[error("rating {got} is not within 1 to 5")]
    Rating {
        /// What was given.
        got: f32,
    },
    /// A category that the catalogue does not have.
    #[error("no category `{0}`")]
    NoSuchCategory(String),
    /// Scores that are not numbers: parameters of no use.
    #[error("the policy gives no usable score")]
    NotANumber,
}
