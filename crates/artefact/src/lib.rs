//! Immutable directories: written aside, sealed with a manifest of hashes, renamed into place.

mod bytes;
mod error;
mod manifest;
mod mapped;
mod precision;
mod staging;
mod tensors;
mod write;

pub use error::{ArtefactError, with_article};
pub use manifest::{Kind, Manifest};
pub use mapped::{Floats, MappedTensors};
pub use precision::{Precision, rounded};
pub use tensors::Tensors;
pub use write::{Artefact, Draft, replace_file};

#[cfg(test)]
mod tests;
