//! Interaction logs: read from many layouts, kept as immutable datasets, described, and split.

mod collect;
mod dataset;
mod describe;
mod error;
mod import;
mod input;
mod interner;
mod report;
mod scale;
pub mod split;
mod store;

pub use dataset::{Clock, Dataset};
pub use describe::{Description, describe};
pub use error::{DataError, Problem};
pub use import::{BadRows, Format, ImportOptions, ItemIdMap, Selection, Source, import};
pub use input::{ColumnMap, Encoding};
pub use report::{DropReason, ImportReport, SourceReport, Tally, Warning};
pub use scale::{RatingScale, ScaleChoice};

#[cfg(test)]
mod tests;
