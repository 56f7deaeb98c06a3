//! Interaction logs: read from many layouts, kept as immutable datasets, described, and split.

mod as_word;
mod collect;
mod dataset;
mod describe;
mod error;
mod import;
mod input;
mod interner;
mod preview;
mod report;
mod scale;
mod shown;
pub mod split;
mod store;
mod understood;

pub use dataset::{Clock, Dataset};
pub use describe::{Description, describe};
pub use error::{DataError, Problem};
pub use import::{BadRows, Format, ImportOptions, ItemIdMap, Selection, Source, import, preview};
pub use input::{ColumnMap, Decimal, Encoding, FieldSeparator, Missing, expanded_limit};
pub use preview::{Preview, PreviewRow};
pub use report::{DropReason, ImportReport, ItemsReport, SourceReport, Tally, Warning};
pub use scale::{RatingScale, ScaleChoice};
pub use shown::{Shown, ShownSource};

#[cfg(test)]
mod tests;
