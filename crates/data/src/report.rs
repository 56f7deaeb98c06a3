//! The account of an import: every row read is kept or counted under one reason.

use crate::{ColumnMap, RatingScale};
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
    /// A propensity that is no probability.
    NotAProbability,
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
    /// Logs without a column that is known as a rating: every row counts as liked.
    NoRatingColumn,
    /// Columns that are left aside and look like ratings.
    LooksLikeRating,
    /// Logs of several sorts of events that all count alike.
    SeveralEvents,
    /// Logs whose ratings are all, or nearly all, the same.
    RatingsAlike,
    /// Logs in which one rating lies apart as those do that mean "not rated".
    LooksLikeNotRated,
    /// Ratings with a comma before their decimals.
    DecimalCommas,
    /// Rows without a time in a log with times: they take that of the user's row before them in the file, or else of
    /// the first after them.
    RowWithoutTime,
    /// Logs of which next to no item is in the items file.
    IdsDoNotMatch,
    /// Items files without items.
    EmptyItemsFile,
    /// Items whose categories have a shape that is not understood: they count as none.
    CategoriesNotUnderstood,
    /// Items whose categories were split at commas, because most of the column's values share a part with another.
    CategoriesSplitAtCommas,
    /// Lines of the items file that were skipped on request.
    ItemLineSkipped,
    /// Logs whose times were dates in eight digits (`20200705`).
    DatesInDigits,
}

/// How often, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many times.
    pub n: u64,
    /// The first place: file name and, where it has one, line.
    pub first: Option<String>,
    /// What it means, in whole sentences, where there is more to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<String>,
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
    /// Which column was taken for what; of layouts without names, what stands in its place.
    #[serde(default)]
    pub columns: ColumnMap,
    /// Columns that played no role.
    #[serde(default)]
    pub ignored: Vec<String>,
    /// The least and the greatest rating as read.
    #[serde(default)]
    pub values: Option<[f32; 2]>,
}

/// One items file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemsReport {
    /// Its name, without directories.
    pub name: String,
    /// Which column was taken for what.
    pub columns: ColumnMap,
    /// Columns that played no role.
    pub ignored: Vec<String>,
}

/// What an import read, kept, dropped and noticed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportReport {
    /// The logs, in order of reading.
    pub sources: Vec<SourceReport>,
    /// The items files.
    #[serde(default)]
    pub items_files: Vec<ItemsReport>,
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

/// Sentences kept under one warning.
const MOST_SAID: usize = 20;

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

    /// What was understood, in one line for each log and items file.
    pub fn understood(&self) -> Vec<String> {
        let is_one = self.sources.len() == 1;
        let logs = self.sources.iter().map(|source| {
            let line = source.understood();
            if is_one { line } else { format!("{}: {line}", source.name) }
        });
        let items = self.items_files.iter().map(|file| format!("{}: {}", file.name, file.understood()));
        logs.chain(items).collect()
    }

    /// Says something about a log or file once, under a warning that counts how many there are.
    pub(crate) fn say(&mut self, warning: Warning, name: &str, sentence: String) {
        let tally = self.warnings.entry(warning).or_default();
        if tally.said.contains(&sentence) || tally.said.len() >= MOST_SAID {
            return;
        }
        tally.n += 1;
        tally.first.get_or_insert_with(|| name.to_owned());
        tally.said.push(sentence);
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
        let tally = entry.or_insert_with(|| Tally { n: 0, first: first(), said: Vec::new() });
        tally.n += n;
    }
}
