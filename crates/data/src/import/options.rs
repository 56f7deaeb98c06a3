//! What to import and how.

use crate::input::{ColumnMap, Decimal, Encoding, FieldSeparator, Missing};
use crate::{Problem, ScaleChoice};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The layout of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// MovieLens folders or zips: latest, 1M and 10M, 100K, and their pairs-only copies.
    Movielens,
    /// RecBole's atomic files: `.inter`, `.item`, tab-separated, with typed headers.
    Recbole,
    /// Delimited text with a header, one row per interaction.
    Csv,
    /// One JSON object per line and interaction.
    Jsonl,
    /// A Parquet table, one row per interaction.
    Parquet,
    /// One user and a list of items in time order per row, as delimited text or JSON lines.
    Sequences,
    /// A complete or sparse rating matrix: triples, or one row per user and one column per item.
    Matrix,
    /// What BiLLP publishes: catalogue, positive sequences and revealed rewards.
    Billp,
}

impl FromStr for Format {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|format| format.name()).collect();
            Problem::Option(format!("no format `{text}`: {}", names.join(", ")))
        })
    }
}

/// What to do with a row that cannot be understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadRows {
    /// Stop with an error that names the row.
    #[default]
    Refuse,
    /// Leave it out and count it by reason.
    Skip,
}

/// Keeps only the rows that have a value in a column. Several selections must all hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// The column.
    pub column: String,
    /// The value, as text.
    pub value: String,
}

impl FromStr for Selection {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let parts = text.split_once('=');
        let (column, value) =
            parts.ok_or_else(|| Problem::Option(format!("`{text}` is not column=value")))?;
        Ok(Self { column: column.trim().to_owned(), value: value.trim().to_owned() })
    }
}

/// A table that says which item of the catalogue an item of the log is. Where it lists an item twice, the last
/// line counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemIdMap {
    /// A delimited file with a header.
    pub path: PathBuf,
    /// The column with the log's item ids.
    pub from: String,
    /// The column with the catalogue's item ids; where it is empty, the item's rows are left out and counted.
    pub to: String,
}

impl FromStr for ItemIdMap {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let bad = || Problem::Option(format!("`{text}` is not path:from=to"));
        let (path, columns) = text.rsplit_once(':').ok_or_else(bad)?;
        let (from, to) = columns.split_once('=').ok_or_else(bad)?;
        if [path, from, to].iter().any(|part| part.trim().is_empty()) {
            return Err(bad());
        }
        Ok(Self { path: path.into(), from: from.trim().to_owned(), to: to.trim().to_owned() })
    }
}

/// One log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its layout.
    pub format: Format,
    /// File, folder or zip archive.
    pub path: PathBuf,
    /// Names of columns that are not recognised.
    #[serde(default)]
    pub columns: ColumnMap,
    /// The scale of its ratings.
    #[serde(default, with = "crate::as_word")]
    pub scale: ScaleChoice,
    /// The rows wanted.
    #[serde(default)]
    pub select: Vec<Selection>,
    /// Its item ids translated into those of the catalogue.
    #[serde(default)]
    pub item_ids: Option<ItemIdMap>,
    /// Put before every user id, so that users of different sources stay apart.
    #[serde(default)]
    pub user_prefix: String,
    /// Ratings that mean "not rated", such as Jester's 99.
    #[serde(default)]
    pub missing: Missing,
    /// What stands between the fields of delimited text.
    #[serde(default, skip_serializing_if = "is_default", with = "crate::as_word")]
    pub separator: FieldSeparator,
    /// What stands before the decimals of numbers in text.
    #[serde(default, skip_serializing_if = "is_default", with = "crate::as_word")]
    pub decimal: Decimal,
    /// The first line of delimited text is a row; the columns are called 1, 2, 3 and so on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_header: bool,
}

/// What is as usual is not written, so that settings that never heard of a key stay the same.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Source {
    /// A log with everything recognised by itself.
    pub fn new(format: Format, path: &Path) -> Self {
        Self {
            format,
            path: path.to_owned(),
            columns: ColumnMap::default(),
            scale: ScaleChoice::default(),
            select: Vec::new(),
            item_ids: None,
            user_prefix: String::new(),
            missing: Missing::default(),
            separator: FieldSeparator::default(),
            decimal: Decimal::default(),
            no_header: false,
        }
    }
}

/// What to import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportOptions {
    /// The logs, at least one. Later rows win over earlier ones of the same user and item.
    pub sources: Vec<Source>,
    /// The items file, where the logs' layouts do not bring one or another is wanted.
    #[serde(default)]
    pub items: Option<PathBuf>,
    /// Leave out rows of items that the items file does not have.
    #[serde(default)]
    pub only_listed_items: bool,
    /// Leave out items with fewer interactions than this, before users are counted.
    #[serde(default)]
    pub min_item_interactions: u32,
    /// Leave out users with fewer interactions than this.
    #[serde(default)]
    pub min_user_interactions: u32,
    /// What to do with rows that cannot be understood.
    #[serde(default)]
    pub bad_rows: BadRows,
    /// The encoding of text files.
    #[serde(default)]
    pub encoding: Encoding,
}

impl ImportOptions {
    /// One log with everything recognised by itself.
    pub fn new(format: Format, path: &Path) -> Self {
        Self::of(vec![Source::new(format, path)])
    }

    /// Several logs in one dataset.
    pub fn of(sources: Vec<Source>) -> Self {
        Self {
            sources,
            items: None,
            only_listed_items: false,
            min_item_interactions: 0,
            min_user_interactions: 0,
            bad_rows: BadRows::default(),
            encoding: Encoding::default(),
        }
    }
}
