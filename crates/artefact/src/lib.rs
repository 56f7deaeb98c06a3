//! Immutable directories: written aside, sealed with a manifest of hashes, renamed into place.

mod bytes;
mod canonical;
mod claim;
mod cost;
mod draft;
mod error;
mod manifest;
mod mapped;
mod open;
mod precision;
mod regular;
mod replace_file;
mod resolve;
mod staging;
mod standing;
mod tensors;

pub use canonical::canonical;
pub use claim::{Claim, Lock, Place, Replace};
pub use cost::Spent;
pub use draft::Draft;
pub use error::{ArtefactError, with_article};
pub use manifest::{Kind, Manifest};
pub use mapped::{Floats, MappedTensors};
pub use open::Artefact;
pub use precision::{Precision, rounded};
pub use replace_file::replace_file;
pub use resolve::resolved;
pub use tensors::Tensors;

#[cfg(test)]
mod tests;
