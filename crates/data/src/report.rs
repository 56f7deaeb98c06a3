//! The account of an import: every row read is kept or counted under one reason.

use crate::RatingScale;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a row is not in the dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The same user and item again: the latest row stays (by time, then by position).
    Duplicate,
    /// Left out by a selection the user made.
    NotSelected,
    /// The rating is empty: shown, but not rated.
    WithoutRating,
    /// The item-id map, or the title map of the layout, has no target for the item.
    UnmappedItem,
    /// The item is not in the items file and only listed ones were wanted.
    UnlistedItem,
    /// The item has fewer interactions than asked for.
    RareItem,
    /// The user has fewer interactions than asked for.
    RareUser,
    /// Skipped on request: more or fewer fields than the header.
    FieldCount,
    /// Skipped on request: an empty id.
    MissingId,
    /// Skipped on request: not a number or time.
    BadNumber,
    /// Skipped on request: a line that is not a JSON object.
    BadJson,
    /// Skipped on request: an infinite or undefined rating.
    NotFinite,
    /// Skipped on request: a rating outside the declared scale.
    OutsideScale,
}

/// Something worth knowing that cost no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// Times in milliseconds or finer, converted to seconds.
    FineTimes,
    /// Items without a title: their id stands in.
    ItemWithoutTitle,
    /// Rows of items that the items file does not have: kept, with the id as title.
    RowOfUnlistedItem,
    /// Lines of the items file that repeat an id: the first stays.
    RepeatedItemId,
    /// Lines of the items file without an id.
    ItemWithoutId,
    /// Items left out because they have too few interactions.
    RareItemLeftOut,
    /// Sequences without any item.
    EmptySequence,
    /// Sources whose scale was guessed from the values.
    GuessedScale,
    /// Text files that are not UTF-8 and were read as windows-1252.
    ReadAsWindows1252,
}

/// How often, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many times.
    pub n: u64,
    /// The first place: file name and, where it has one, line.
    pub first: Option<String>,
}

/// One log that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// The format's name.
    pub format: String,
    /// File or folder name, without directories.
    pub name: String,
    /// Rows of interactions read from it.
    pub rows_read: u64,
    /// How its ratings were mapped to 1 to 5.
    pub scale: RatingScale,
}

/// What an import read, kept, dropped and noticed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportReport {
    /// The logs, in order of reading.
    pub sources: Vec<SourceReport>,
    /// Rows of interactions read from all of them.
    pub rows_read: u64,
    /// Interactions in the dataset.
    pub rows_kept: u64,
    /// Items in the items file.
    pub items_listed: u64,
    /// Rows that are not in the dataset, by reason.
    pub dropped: BTreeMap<DropReason, Tally>,
    /// Things noticed.
    pub warnings: BTreeMap<Warning, Tally>,
}

impl ImportReport {
    /// How many rows were dropped for one reason.
    pub fn n_dropped(&self, reason: DropReason) -> u64 {
        self.dropped.get(&reason).map_or(0, |tally| tally.n)
    }

    /// How often something was noticed.
    pub fn n_warned(&self, warning: Warning) -> u64 {
        self.warnings.get(&warning).map_or(0, |tally| tally.n)
    }

    /// Whether rows read = rows kept + rows dropped. It always holds; tests and callers may insist.
    pub fn adds_up(&self) -> bool {
        self.rows_read == self.rows_kept + self.dropped.values().map(|tally| tally.n).sum::<u64>()
    }

    pub(crate) fn drop_rows(&mut self, reason: DropReason, n: u64, first: impl FnOnce() -> Option<String>) {
        count(self.dropped.entry(reason), n, first);
    }

    pub(crate) fn warn(&mut self, warning: Warning, n: u64, first: impl FnOnce() -> Option<String>) {
        count(self.warnings.entry(warning), n, first);
    }
}

fn count<K: Ord>(
    entry: std::collections::btree_map::Entry<'_, K, Tally>,
    n: u64,
    first: impl FnOnce() -> Option<String>,
) {
    if n > 0 {
        let tally = entry.or_insert_with(|| Tally { n: 0, first: first() });
        tally.n += n;
    }
}
