//! Gathers rows and items from all sources in little memory, then makes the dataset.

mod finish;
mod matching;
mod notice;
mod row;

pub(crate) use row::{Cell, RawRow};
use row::{Reading, as_written};

use crate::input::is_nothing;
use crate::interner::{Interner, MOST};
use crate::preview::Seen;
use crate::report::ItemsReport;
use crate::scale::ScaleChoice;
use crate::understood::Understood;
use crate::{BadRows, Clock, DataError, DropReason, ImportOptions, ImportReport, Problem, Source, Warning};
use std::collections::HashMap;
use std::path::Path;

/// In place of a time, where a row has none in a log with times.
const NO_TIME: i64 = i64::MIN;

/// Where a row stands, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    pub(crate) file: &'a Path,
    pub(crate) line: u64,
}

/// The rows so far, 20 bytes each, or 24 with propensities.
#[derive(Debug, Default)]
struct Columns {
    user: Vec<u32>,
    item: Vec<u32>,
    rating: Vec<f32>,
    time: Vec<i64>,
    /// Up to the last row that has one, 0 where there is none.
    propensity: Vec<f32>,
}

/// What is told of an item by the items file.
#[derive(Debug)]
struct Listed {
    title: String,
    categories: Vec<String>,
}

/// The source being read.
#[derive(Debug)]
struct Current {
    format: String,
    name: String,
    first_row: usize,
    rows_read_before: u64,
    reading: Reading,
    understood: Understood,
    user_prefix: String,
    item_ids: Option<HashMap<String, String>>,
}

/// Everything read so far.
pub(crate) struct Collector {
    bad_rows: BadRows,
    only_listed_items: bool,
    min_item_interactions: u32,
    min_user_interactions: u32,
    users: Interner,
    items: Interner,
    listed: Vec<Listed>,
    columns: Columns,
    clock: Option<Clock>,
    current: Option<Current>,
    scratch: String,
    report: ImportReport,
    /// The first rows, where they are wanted for people to look at.
    seen: Vec<Seen>,
    n_seen_wanted: usize,
    /// An item of the log that is left out because no items file has it.
    unlisted: Option<String>,
}

impl Collector {
    pub(crate) fn new(options: &ImportOptions) -> Self {
        Self {
            bad_rows: options.bad_rows,
            only_listed_items: options.only_listed_items,
            min_item_interactions: options.min_item_interactions,
            min_user_interactions: options.min_user_interactions,
            users: Interner::default(),
            items: Interner::default(),
            listed: Vec::new(),
            columns: Columns::default(),
            clock: None,
            current: None,
            scratch: String::new(),
            report: ImportReport::default(),
            seen: Vec::new(),
            n_seen_wanted: 0,
            unlisted: None,
        }
    }

    /// Keeps the first `n` rows for people to look at.
    pub(crate) fn keep_first(&mut self, n: usize) {
        self.n_seen_wanted = n;
    }

    /// Takes in one item of an items file. All items are listed before the first row is pushed.
    pub(crate) fn list_item(
        &mut self,
        id: &str,
        title: &str,
        categories: Vec<String>,
        at: At<'_>,
    ) -> Result<(), DataError> {
        debug_assert!(self.columns.user.is_empty(), "items come before rows");
        self.report.items_listed += 1;
        if id.is_empty() {
            self.report.warn(Warning::ItemWithoutId, 1, || place(at));
            return Ok(());
        }
        let row = self.items.intern(id).ok_or_else(|| too_many("items", at))?;
        if (row as usize) < self.listed.len() {
            self.report.warn(Warning::RepeatedItemId, 1, || place(at));
            return Ok(());
        }
        let title = if is_nothing(title) { "" } else { title };
        if title.is_empty() {
            self.report.warn(Warning::ItemWithoutTitle, 1, || place(at));
        }
        let categories = categories.into_iter().filter(|name| !is_nothing(name)).collect();
        self.listed.push(Listed { title: if title.is_empty() { id } else { title }.to_owned(), categories });
        Ok(())
    }

    /// Notes what was understood of an items file.
    pub(crate) fn items_file(&mut self, name: &str, understood: Understood) {
        let Understood { columns, ignored, .. } = understood;
        self.report.items_files.push(ItemsReport { name: name.to_owned(), columns, ignored });
    }

    /// Starts a log.
    pub(crate) fn begin(
        &mut self,
        source: &Source,
        name: &str,
        understood: Understood,
    ) -> Result<(), DataError> {
        self.end();
        let clock = understood.clock;
        self.clock = Some(self.clock.map_or(clock, |before| before.min(clock)));
        let item_ids = source.item_ids.as_ref().map(crate::import::read_item_ids).transpose()?;
        self.current = Some(Current {
            format: source.format.name().to_owned(),
            name: name.to_owned(),
            first_row: self.columns.user.len(),
            rows_read_before: self.report.rows_read,
            reading: Reading {
                choice: source.scale,
                missing: source.missing.clone(),
                decimal: source.decimal,
            },
            understood,
            user_prefix: source.user_prefix.clone(),
            item_ids,
        });
        Ok(())
    }

    /// Replaces the scale of the log that was begun, where its format knows better.
    pub(crate) fn set_scale(&mut self, choice: ScaleChoice) {
        if let Some(current) = &mut self.current {
            current.reading.choice = choice;
        }
    }

    /// Counts a row that a selection leaves out.
    pub(crate) fn not_selected(&mut self, at: At<'_>) {
        self.report.rows_read += 1;
        self.report.drop_rows(DropReason::NotSelected, 1, || place(at));
    }

    /// Counts a row whose item the layout itself cannot name.
    pub(crate) fn unmapped_item(&mut self, at: At<'_>) {
        self.report.rows_read += 1;
        self.report.drop_rows(DropReason::UnmappedItem, 1, || place(at));
    }

    /// Notices something.
    pub(crate) fn warn(&mut self, warning: Warning, at: At<'_>) {
        self.report.warn(warning, 1, || place(at));
    }

    /// Notices something, with an example of it.
    pub(crate) fn warn_of(&mut self, warning: Warning, at: At<'_>, example: &str) {
        let first = || place(at).map(|place| format!("{place}: {}", crate::error::shortened(example)));
        self.report.warn(warning, 1, first);
    }

    /// Counts a line of an items file that cannot be understood, or refuses it.
    pub(crate) fn bad_item(&mut self, problem: Problem, at: At<'_>) -> Result<(), DataError> {
        if self.bad_rows == BadRows::Refuse {
            return Err(DataError::new(problem, at.file).at_line(at.line));
        }
        self.report.warn(Warning::ItemLineSkipped, 1, || place(at));
        Ok(())
    }

    /// Counts a row that cannot be understood, or refuses it.
    pub(crate) fn bad_row(
        &mut self,
        problem: Problem,
        field: Option<&str>,
        at: At<'_>,
    ) -> Result<(), DataError> {
        let reason = match problem {
            Problem::FieldCount { .. } => DropReason::FieldCount,
            Problem::MissingId => DropReason::MissingId,
            Problem::BadJson(_) => DropReason::BadJson,
            Problem::NotFinite { .. } => DropReason::NotFinite,
            Problem::OutsideScale { .. } => DropReason::OutsideScale,
            Problem::NotAProbability { .. } => DropReason::NotAProbability,
            _ => DropReason::BadNumber,
        };
        if self.bad_rows == BadRows::Refuse {
            let error = DataError::new(problem, at.file).at_line(at.line);
            return Err(match field {
                Some(field) => error.in_field(field),
                None => error,
            });
        }
        self.report.rows_read += 1;
        self.report.drop_rows(reason, 1, || place(at));
        Ok(())
    }

    /// Takes in one row of the log that was begun.
    pub(crate) fn push(&mut self, row: RawRow<'_>, at: At<'_>) -> Result<(), DataError> {
        let current = self.current.as_ref().expect("a log was begun");
        if row.user.is_empty() || row.item.is_empty() {
            let field = if row.user.is_empty() { "user" } else { "item" };
            return self.bad_row(Problem::MissingId, Some(field), at);
        }
        let (rating, time) = (current.reading.rating(row.rating), current.reading.time(row.time));
        let rating = match rating {
            Ok(Some(rating)) => rating,
            Ok(None) => {
                self.report.rows_read += 1;
                self.report.drop_rows(DropReason::WithoutRating, 1, || place(at));
                return Ok(());
            }
            Err(problem) => return self.bad_row(problem, Some("rating"), at),
        };
        let time = match time {
            Ok(time) => time,
            Err(problem) => return self.bad_row(problem, Some("time"), at),
        };
        let propensity = match current.reading.propensity(row.propensity) {
            Ok(propensity) => propensity,
            Err(problem) => return self.bad_row(problem, Some("propensity"), at),
        };
        self.report.rows_read += 1;
        let Some(item) = self.item_row(row.item, at)? else {
            return Ok(());
        };
        if rating.has_comma {
            self.report.warn(Warning::DecimalCommas, 1, || place(at));
        }
        let time = match time {
            Some((time, is_fine)) => {
                self.report.warn(Warning::FineTimes, u64::from(is_fine), || place(at));
                time
            }
            None => {
                self.report.warn(Warning::RowWithoutTime, 1, || place(at));
                NO_TIME
            }
        };
        let user = self.user_row(row.user, at)?;
        if self.seen.len() < self.n_seen_wanted {
            let read = as_written(row.rating);
            self.seen.push(Seen { row: self.columns.user.len(), user, item, read });
        }
        self.keep(user, item, rating.value, time, at)?;
        if propensity > 0.0 {
            let n_before = self.columns.user.len() - 1;
            self.columns.propensity.resize(n_before, 0.0);
            self.columns.propensity.push(propensity);
        }
        Ok(())
    }

    fn keep(&mut self, user: u32, item: u32, rating: f32, time: i64, at: At<'_>) -> Result<(), DataError> {
        if self.columns.user.len() >= MOST as usize {
            return Err(too_many("rows", at));
        }
        if !self.listed.is_empty() && item as usize >= self.listed.len() && !self.only_listed_items {
            self.report.warn(Warning::RowOfUnlistedItem, 1, || place(at));
        }
        self.columns.user.push(user);
        self.columns.item.push(item);
        self.columns.rating.push(rating);
        self.columns.time.push(time);
        Ok(())
    }

    /// The row of an item, through the item-id map; `None` (and counted) when it leads nowhere.
    fn item_row(&mut self, id: &str, at: At<'_>) -> Result<Option<u32>, DataError> {
        let map = self.current.as_ref().and_then(|current| current.item_ids.as_ref());
        let id = match map.map(|map| map.get(id)) {
            None => id,
            Some(Some(id)) => id,
            Some(None) => {
                self.report.drop_rows(DropReason::UnmappedItem, 1, || place(at));
                return Ok(None);
            }
        };
        if self.only_listed_items && self.items.find(id).is_none_or(|row| row as usize >= self.listed.len()) {
            self.report.drop_rows(DropReason::UnlistedItem, 1, || place(at));
            self.unlisted.get_or_insert_with(|| id.to_owned());
            return Ok(None);
        }
        self.items.intern(id).map(Some).ok_or_else(|| too_many("items", at))
    }

    fn user_row(&mut self, id: &str, at: At<'_>) -> Result<u32, DataError> {
        let prefix = self.current.as_ref().map_or("", |current| current.user_prefix.as_str());
        let id = if prefix.is_empty() {
            id
        } else {
            self.scratch.clear();
            self.scratch.push_str(prefix);
            self.scratch.push_str(id);
            &self.scratch
        };
        self.users.intern(id).ok_or_else(|| too_many("users", at))
    }
}

fn place(at: At<'_>) -> Option<String> {
    let name = at.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Some(if at.line > 0 { format!("{name}, line {}", at.line) } else { name })
}

fn too_many(what: &'static str, at: At<'_>) -> DataError {
    DataError::new(Problem::TooMany { what, limit: u64::from(MOST) }, at.file).at_line(at.line)
}
