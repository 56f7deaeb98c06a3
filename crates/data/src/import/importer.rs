//! Who reads which layout: a line for each.

use super::{Format, ImportOptions, Source};
use crate::DataError;
use crate::collect::Collector;
use crate::input::Input;

/// Reads a part of a source: the items that it brings along, or its rows.
type Read = fn(&Source, &Input, &ImportOptions, &mut Collector) -> Result<(), DataError>;

/// How one layout is read.
pub(super) struct Importer {
    pub(super) format: Format,
    /// Its name on the command line.
    pub(super) name: &'static str,
    /// Whether it is delimited text, which has a separator and a header line to speak of.
    pub(super) is_text: bool,
    pub(super) list_items: Read,
    pub(super) read_rows: Read,
}

/// All importers, in the order of the documentation.
pub(super) const IMPORTERS: &[Importer] = &[
    super::movielens::IMPORTER,
    super::recbole::IMPORTER,
    super::log::IMPORTER,
    super::jsonl::IMPORTER,
    super::parquet::IMPORTER,
    super::sequences::IMPORTER,
    super::matrix::IMPORTER,
    super::billp::IMPORTER,
];

impl Importer {
    /// The importer of a format.
    pub(super) fn of(format: Format) -> &'static Self {
        IMPORTERS.iter().find(|importer| importer.format == format).expect("a test looks for every format")
    }
}

/// For layouts that bring no items along.
pub(super) fn no_items(_: &Source, _: &Input, _: &ImportOptions, _: &mut Collector) -> Result<(), DataError> {
    Ok(())
}

impl Format {
    /// All formats, in the order of the documentation.
    pub const ALL: [Self; IMPORTERS.len()] = {
        let mut all = [Self::Csv; IMPORTERS.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = IMPORTERS[at].format;
            at += 1;
        }
        all
    };

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        Importer::of(self).name
    }
}
