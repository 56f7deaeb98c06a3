//! Reading the tables back, believing nothing.

use super::columns::{ColumnValues, ParquetTable};
use crate::{DataError, Problem};
use catalogue::{Catalogue, MOST_CATEGORIES};
use mdp::{Interaction, ItemIdx};
use std::collections::BTreeSet;
use std::path::Path;

/// Reads the item table.
pub(super) fn items(path: &Path, n_items: u64) -> Result<Catalogue, DataError> {
    let [ids, titles, categories] = text_table::<3>(path, n_items)?;
    let rows = ids.into_iter().zip(titles).zip(categories);
    let rows: Vec<_> = rows.map(|((id, title), categories)| (id, title, parted(&categories))).collect();
    let names: BTreeSet<&String> = rows.iter().flat_map(|row| &row.2).collect();
    if names.len() > MOST_CATEGORIES {
        return Err(damaged(path, "more categories than a catalogue can number"));
    }
    let (catalogue, repeated) = Catalogue::new(rows);
    if repeated.is_empty() { Ok(catalogue) } else { Err(damaged(path, "an item id occurs twice")) }
}

/// Reads the user table.
pub(super) fn users(path: &Path, n_users: u64) -> Result<Vec<String>, DataError> {
    text_table::<1>(path, n_users).map(|[ids]| ids)
}

/// The table of interactions.
pub(super) struct Interactions {
    /// Where each user's rows start, and the end.
    pub(super) offsets: Vec<usize>,
    pub(super) interactions: Vec<Interaction>,
    /// One per row, 0 where there is none, if the table has such a column.
    pub(super) propensities: Option<Vec<f32>>,
}

/// Reads the interactions. Tables from before there were propensities have four columns, as have those without any.
pub(super) fn interactions(path: &Path, n_users: usize, n_rows: u64) -> Result<Interactions, DataError> {
    let table = ParquetTable::open(path, path)?;
    if !(4..=5).contains(&table.n_columns()) {
        return Err(damaged(path, "not the columns of interactions"));
    }
    let mut propensities = (table.n_columns() == 5).then(Vec::new);
    let mut ends: Vec<usize> = Vec::new();
    let mut out = Vec::new();
    for group in 0..table.n_groups() {
        if let Some(propensities) = &mut propensities {
            let ColumnValues::Numbers(values) = table.whole_column(group, 4)? else {
                return Err(damaged(path, "propensities that are not numbers"));
            };
            propensities.extend(values.into_iter().map(|p| p.unwrap_or_default() as f32));
        }
        let columns = [0, 1, 2, 3].map(|column| table.whole_column(group, column));
        let [Ok(users), Ok(items), Ok(ratings), Ok(times)] = columns else {
            return Err(columns.into_iter().find_map(Result::err).expect("one of them failed"));
        };
        let (users, items, times) = (integers(path, users)?, integers(path, items)?, integers(path, times)?);
        let ColumnValues::Numbers(ratings) = ratings else {
            return Err(damaged(path, "ratings that are not numbers"));
        };
        for (((user, item), rating), time) in users.into_iter().zip(items).zip(ratings).zip(times) {
            let (Some(user), Some(item), Some(rating), Some(time)) = (user, item, rating, time) else {
                return Err(damaged(path, "a missing value"));
            };
            let user = usize::try_from(user).ok().filter(|&user| user < n_users);
            let user = user.ok_or_else(|| damaged(path, "a user beyond the table"))?;
            if user + 1 < ends.len() {
                return Err(damaged(path, "users out of order"));
            }
            ends.resize(user + 1, out.len());
            let item = u32::try_from(item).map_err(|_| damaged(path, "an item beyond the catalogue"))?;
            out.push(Interaction { item: ItemIdx(item), rating: rating as f32, time });
            ends[user] = out.len();
        }
    }
    if out.len() as u64 != n_rows {
        return Err(damaged(path, "another number of interactions than dataset.json says"));
    }
    ends.resize(n_users, out.len());
    ends.insert(0, 0);
    Ok(Interactions { offsets: ends, interactions: out, propensities })
}

/// Reads a table of `N` text columns without nulls.
fn text_table<const N: usize>(path: &Path, n_rows: u64) -> Result<[Vec<String>; N], DataError> {
    let table = ParquetTable::open(path, path)?;
    if table.n_columns() != N {
        return Err(damaged(path, "another number of columns"));
    }
    let mut out = [const { Vec::new() }; N];
    for group in 0..table.n_groups() {
        for (column, values) in out.iter_mut().enumerate() {
            let ColumnValues::Texts(texts) = table.whole_column(group, column)? else {
                return Err(damaged(path, "a column that is not text"));
            };
            for text in texts {
                values.push(text.ok_or_else(|| damaged(path, "a missing value"))?);
            }
        }
    }
    if out.iter().any(|values| values.len() as u64 != n_rows) {
        return Err(damaged(path, "another number of rows than dataset.json says"));
    }
    Ok(out)
}

fn integers(path: &Path, values: ColumnValues) -> Result<Vec<Option<i64>>, DataError> {
    match values {
        ColumnValues::Integers(values) => Ok(values),
        _ => Err(damaged(path, "a column that is not of integers")),
    }
}

/// The names that were joined by `|`, with backslashes before a `|` or backslash of a name.
fn parted(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut names = vec![String::new()];
    let mut is_escaped = false;
    for character in text.chars() {
        match character {
            '\\' if !is_escaped => is_escaped = true,
            '|' if !is_escaped => names.push(String::new()),
            _ => {
                names.last_mut().expect("starts with one").push(character);
                is_escaped = false;
            }
        }
    }
    names
}

fn damaged(path: &Path, what: &str) -> DataError {
    DataError::new(Problem::Damaged(what.to_owned()), path)
}
