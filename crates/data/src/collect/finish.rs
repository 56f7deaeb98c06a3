//! From rows in file order to histories by user: sorting, duplicates, and what is too rare.

use super::{Collector, NO_TIME};
use crate::interner::Interner;
use crate::preview::{PreviewRow, Seen, date, shown_time};
use crate::{Clock, DataError, Dataset, DropReason, ImportReport, Problem, Warning};
use catalogue::{Catalogue, MOST_CATEGORIES};
use mdp::{Interaction, ItemIdx};
use std::collections::BTreeSet;
use std::path::Path;

/// Interactions by user.
struct Log {
    offsets: Vec<usize>,
    rows: Vec<Interaction>,
    /// One per row, 0 where there is none; empty where no row has one.
    propensities: Vec<f32>,
}

impl Collector {
    /// Makes the dataset. `input` is named in errors about the whole.
    ///
    /// The order of events: histories are sorted by time; of rows with the same user and item the latest stays;
    /// then items, then users, with too few interactions go (once, so that a few items can end below their
    /// minimum by the users that went).
    pub(crate) fn finish(mut self, input: &Path) -> Result<(Dataset, ImportReport), DataError> {
        self.end();
        if self.report.rows_read == 0 {
            return Err(DataError::new(Problem::Empty, input));
        }
        let clock = self.clock();
        let mut log = by_user(&self.columns, self.users.len());
        self.columns = Default::default();
        if clock == Clock::Seconds && self.report.n_warned(Warning::RowWithoutTime) > 0 {
            log.fill_times();
        }
        log.sort(clock);
        let n = log.drop_duplicates(self.items.len());
        self.report.drop_rows(DropReason::Duplicate, n, || None);

        let counts = log.item_counts(self.items.len());
        self.notice_strangers(&counts);
        let enough = self.min_item_interactions;
        let n = log.retain(|_, row| counts[row.item.index()] >= enough);
        self.report.drop_rows(DropReason::RareItem, n, || None);
        let sizes: Vec<usize> = log.offsets.windows(2).map(|bounds| bounds[1] - bounds[0]).collect();
        let enough = self.min_user_interactions as usize;
        let n = log.retain(|user, _| sizes[user] >= enough);
        self.report.drop_rows(DropReason::RareUser, n, || None);

        self.report.rows_kept = log.rows.len() as u64;
        debug_assert!(self.report.adds_up(), "a row was lost: {:?}", self.report);
        if log.rows.is_empty() {
            let mut text =
                format!("none of the {} rows is left: {}", self.report.rows_read, reasons(&self.report));
            let strangers = self.unlisted.is_some().then(|| self.strangers(0)).flatten();
            text.extend(strangers.map(|sentence| format!("; {sentence}")));
            return Err(DataError::new(Problem::Option(text), input));
        }
        let catalogue = self.catalogue(&counts, &mut log, input)?;
        let users = log.drop_empty_users(&self.users);
        let mut dataset = Dataset::from_parts(catalogue, users, log.offsets, log.rows, clock)
            .map_err(|problem| DataError::new(problem, input))?;
        if !log.propensities.is_empty() {
            dataset = dataset
                .with_propensities(log.propensities)
                .map_err(|problem| DataError::new(problem, input))?;
        }
        dataset.report = self.report.clone();
        Ok((dataset, self.report))
    }

    /// What the times mean. Where every row lacks the time that the log has a column for, they mean nothing.
    fn clock(&mut self) -> Clock {
        let clock = self.clock.unwrap_or_default();
        let n_without = self.report.n_warned(Warning::RowWithoutTime);
        if clock != Clock::Seconds || n_without == 0 {
            return clock;
        }
        let is_none = self.columns.time.iter().all(|&time| time == NO_TIME);
        let said = if is_none {
            "no row has a time: the order is that of the file".to_owned()
        } else {
            format!(
                "{n_without} of {} rows have no time: each takes that of the user's row before it in the file (or of the \
                 next); --map time= leaves the times out",
                self.columns.time.len()
            )
        };
        if let Some(tally) = self.report.warnings.get_mut(&Warning::RowWithoutTime) {
            tally.said.push(said);
        }
        if is_none { Clock::Unordered } else { clock }
    }

    /// The first rows as they are understood. The logs have ended.
    pub(crate) fn preview(&mut self) -> Vec<PreviewRow> {
        self.end();
        let clock = self.clock.unwrap_or_default();
        let row = |seen: &Seen| {
            let id = self.items.get(seen.item).to_owned();
            let time = Some(self.columns.time[seen.row]).filter(|&time| time != NO_TIME);
            let time = shown_time(clock, time);
            let listed = self.listed.get(seen.item as usize);
            PreviewRow {
                user: self.users.get(seen.user).to_owned(),
                rating_read: seen.read.clone(),
                rating: self.columns.rating[seen.row],
                time,
                date: time.map(date),
                title: listed.map_or_else(|| id.clone(), |listed| listed.title.clone()),
                categories: listed.map_or_else(Vec::new, |listed| listed.categories.clone()),
                item: id,
            }
        };
        self.seen.iter().map(row).collect()
    }

    /// The catalogue of the items that stay; the log's items are renumbered to its rows. A listed item stays
    /// although nobody has it, unless a minimum is asked for; an unlisted one stays if a row has it.
    fn catalogue(&mut self, counts: &[u32], log: &mut Log, input: &Path) -> Result<Catalogue, DataError> {
        let left = log.item_counts(self.items.len());
        let mut listed = std::mem::take(&mut self.listed).into_iter();
        let n_listed = listed.len();
        let mut row_of = vec![u32::MAX; self.items.len()];
        let mut rows = Vec::new();
        for item in 0..self.items.len() {
            let facts = listed.next();
            let is_common = counts[item] >= self.min_item_interactions;
            if !is_common {
                self.report.warn(Warning::RareItemLeftOut, 1, || None);
            }
            if !is_common || (item >= n_listed && left[item] == 0) {
                continue;
            }
            row_of[item] = rows.len() as u32;
            let id = self.items.get(item as u32).to_owned();
            if facts.is_none() {
                self.report.warn(Warning::ItemWithoutTitle, 1, || None);
            }
            let (title, categories) = facts.map_or((id.clone(), Vec::new()), |f| (f.title, f.categories));
            rows.push((id, title, categories));
        }
        log.rows.iter_mut().for_each(|row| row.item = ItemIdx(row_of[row.item.index()]));
        let names: BTreeSet<&String> = rows.iter().flat_map(|row| &row.2).collect();
        if names.len() > MOST_CATEGORIES {
            let limit = MOST_CATEGORIES as u64;
            return Err(DataError::new(Problem::TooMany { what: "categories", limit }, input));
        }
        Ok(Catalogue::new(rows).0)
    }
}

fn reasons(report: &ImportReport) -> String {
    let parts: Vec<String> =
        report.dropped.iter().map(|(reason, tally)| format!("{reason:?} {}", tally.n)).collect();
    parts.join(", ")
}

/// A counting sort: stable, and in one pass over the rows.
fn by_user(columns: &super::Columns, n_users: usize) -> Log {
    let mut offsets = vec![0; n_users + 1];
    columns.user.iter().for_each(|&user| offsets[user as usize + 1] += 1);
    for user in 0..n_users {
        offsets[user + 1] += offsets[user];
    }
    let mut next = offsets.clone();
    let mut rows = vec![Interaction { item: ItemIdx(0), rating: 0.0, time: 0 }; columns.user.len()];
    let n_with = if columns.propensity.is_empty() { 0 } else { columns.user.len() };
    let mut propensities = vec![0.0; n_with];
    for (row, &user) in columns.user.iter().enumerate() {
        let place = &mut next[user as usize];
        rows[*place] = Interaction {
            item: ItemIdx(columns.item[row]),
            rating: columns.rating[row],
            time: columns.time[row],
        };
        if let Some(&propensity) = columns.propensity.get(row) {
            propensities[*place] = propensity;
        }
        *place += 1;
    }
    Log { offsets, rows, propensities }
}

/// Puts propensities in the order that sorting the history by time, stably, will give its rows.
fn sort_with(propensities: &mut [f32], history: &[Interaction]) {
    let mut order: Vec<usize> = (0..history.len()).collect();
    order.sort_by_key(|&row| history[row].time);
    let sorted: Vec<f32> = order.iter().map(|&row| propensities[row]).collect();
    propensities.copy_from_slice(&sorted);
}

impl Log {
    /// Gives rows without a time that of the user's row before them, or else of the first one after; users without any
    /// time stand at the beginning of the log.
    fn fill_times(&mut self) {
        let earliest =
            self.rows.iter().map(|row| row.time).filter(|&time| time != NO_TIME).min().unwrap_or(0);
        for bounds in self.offsets.windows(2) {
            let history = &mut self.rows[bounds[0]..bounds[1]];
            let first = history.iter().map(|row| row.time).find(|&time| time != NO_TIME);
            let mut last = first.unwrap_or(earliest);
            for row in history {
                if row.time == NO_TIME {
                    row.time = last;
                }
                last = row.time;
            }
        }
    }

    /// Puts every history in time order; without seconds, the positions become the times.
    fn sort(&mut self, clock: Clock) {
        for bounds in self.offsets.windows(2) {
            let history = &mut self.rows[bounds[0]..bounds[1]];
            if clock == Clock::Seconds {
                if let Some(propensities) = self.propensities.get_mut(bounds[0]..bounds[1]) {
                    sort_with(propensities, history);
                }
                history.sort_by_key(|row| row.time);
            } else {
                history.iter_mut().enumerate().for_each(|(place, row)| row.time = place as i64);
            }
        }
    }

    /// Keeps the last row of each user and item, and says how many went.
    fn drop_duplicates(&mut self, n_items: usize) -> u64 {
        let mut last_user_with = vec![usize::MAX; n_items];
        let mut is_last = vec![false; self.rows.len()];
        for (user, bounds) in self.offsets.windows(2).enumerate() {
            for row in (bounds[0]..bounds[1]).rev() {
                let last = &mut last_user_with[self.rows[row].item.index()];
                is_last[row] = std::mem::replace(last, user) != user;
            }
        }
        let mut marks = is_last.into_iter();
        self.retain(|_, _| marks.next().expect("one mark per row"))
    }

    /// Keeps the rows that `keep` (user row, interaction) wants, in order, and says how many went.
    fn retain(&mut self, mut keep: impl FnMut(usize, &Interaction) -> bool) -> u64 {
        let mut n_kept = 0;
        let mut start = 0;
        for user in 0..self.offsets.len() - 1 {
            let end = self.offsets[user + 1];
            for row in start..end {
                if keep(user, &self.rows[row]) {
                    self.rows[n_kept] = self.rows[row];
                    if let Some(&propensity) = self.propensities.get(row) {
                        self.propensities[n_kept] = propensity;
                    }
                    n_kept += 1;
                }
            }
            start = end;
            self.offsets[user + 1] = n_kept;
        }
        let n_gone = self.rows.len() - n_kept;
        self.rows.truncate(n_kept);
        self.propensities.truncate(n_kept);
        n_gone as u64
    }

    fn item_counts(&self, n_items: usize) -> Vec<u32> {
        let mut counts = vec![0; n_items];
        self.rows.iter().for_each(|row| counts[row.item.index()] += 1);
        counts
    }

    /// Drops users without rows and returns the ids of the others.
    fn drop_empty_users(&mut self, users: &Interner) -> Vec<String> {
        let mut ids = Vec::new();
        let mut offsets = vec![0];
        for (user, bounds) in self.offsets.windows(2).enumerate() {
            if bounds[1] > bounds[0] {
                ids.push(users.get(user as u32).to_owned());
                offsets.push(bounds[1]);
            }
        }
        self.offsets = offsets;
        ids
    }
}
