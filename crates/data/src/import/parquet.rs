//! Parquet tables: logs and items, read column by column, one row group at a time.

use super::Source;
use super::items::{categories_of, id_column};
use super::layout::Layout;
use super::unused::Unused;
use crate::DataError;
use crate::collect::{At, Cell, Collector, RawRow};
use crate::input::{ColumnMap, Input, Role, find_column};
use crate::store::{ColumnValues, guarded, open_table, read_column};
use crate::understood::Understood;
use ::parquet::file::reader::{FileReader, RowGroupReader};
use std::path::Path;

/// Reads one interaction per row. Parquet needs to seek, so the file stands by itself, not in an archive.
pub(super) fn read_rows(source: &Source, input: &Input, collector: &mut Collector) -> Result<(), DataError> {
    let member = input.single().ok_or_else(|| input.lacks("single file"))?;
    let path = member.plain_path().ok_or_else(|| input.lacks("single file"))?;
    let reader = open_table(path)?;
    let header = header_of(&reader);
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let layout = Layout::of(&names, source, path)?;
    layout.begin(source, member.name(), collector)?;
    let mut unused = layout.unused();
    let mut line = 0;
    for group_number in 0..reader.num_row_groups() {
        let group = guarded(path, || reader.get_row_group(group_number))?;
        let read = |column: usize| Column::read(path, group.as_ref(), column);
        let (mut users, mut items) = (read(layout.user)?, read(layout.item)?);
        let (ratings, times) = (layout.rating.map(read).transpose()?, layout.time.map(read).transpose()?);
        let mut chosen = Vec::new();
        for (column, value) in &layout.select {
            chosen.push((read(*column)?, value));
        }
        for row in 0..usize::try_from(group.metadata().num_rows()).unwrap_or(0) {
            line += 1;
            let at = At { file: path, line };
            if !chosen.iter_mut().all(|(column, value)| column.text(row) == *value) {
                collector.not_selected(at);
                continue;
            }
            let rating = ratings.as_ref().map_or(Cell::NoColumn, |column| column.cell(row));
            let time = times.as_ref().map_or(Cell::NoColumn, |column| column.cell(row));
            collector.push(RawRow { user: users.text(row), item: items.text(row), rating, time }, at)?;
        }
        if group_number == 0 {
            look_at(&mut unused, read);
        }
    }
    unused.report(collector);
    Ok(())
}

/// Looks at the columns that play no role, as far as they can be read.
fn look_at(unused: &mut Unused, read: impl Fn(usize) -> Result<Column, DataError>) {
    for column in unused.wanted() {
        let Ok(mut values) = read(column) else { continue };
        for row in 0..values.n_rows().min(N_LOOKED_AT) {
            unused.see_value(column, values.text(row));
        }
    }
}

/// Lists one item per row; categories may be a list or one field.
pub(super) fn list_items(
    path: &Path,
    columns: &ColumnMap,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let reader = open_table(path)?;
    let header = header_of(&reader);
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let id = id_column(&names, columns, path)?;
    let title = find_column(names.iter().copied(), Role::Title, columns.title.as_deref(), path)?;
    let genres = find_column(names.iter().copied(), Role::Genres, columns.genres.as_deref(), path)?;
    let understood = Understood::of_items(names.iter().copied(), id, title, genres);
    collector.items_file(&super::items::shown_name(path), understood);
    let mut line = 0;
    for group in 0..reader.num_row_groups() {
        let group = guarded(path, || reader.get_row_group(group))?;
        let read = |column: usize| Column::read(path, group.as_ref(), column);
        let mut ids = read(id)?;
        let (mut titles, mut genres) = (title.map(read).transpose()?, genres.map(read).transpose()?);
        for row in 0..usize::try_from(group.metadata().num_rows()).unwrap_or(0) {
            line += 1;
            let title = titles.as_mut().map_or("", |column| column.text(row));
            let categories = genres.as_mut().map_or_else(Vec::new, |column| column.categories(row));
            collector.list_item(ids.text(row).trim(), title.trim(), categories, At { file: path, line })?;
        }
    }
    Ok(())
}

/// Rows of a column without a role that are looked at.
const N_LOOKED_AT: usize = 100_000;

/// The names of the leaf columns; of a nested one, the outermost name.
fn header_of(reader: &impl FileReader) -> Vec<String> {
    let schema = reader.metadata().file_metadata().schema_descr();
    schema.columns().iter().map(|column| column.path().parts().first().cloned().unwrap_or_default()).collect()
}

/// One column of one row group, with room to write a number as text.
struct Column {
    values: ColumnValues,
    buffer: String,
}

impl Column {
    fn read(path: &Path, group: &dyn RowGroupReader, column: usize) -> Result<Self, DataError> {
        Ok(Self { values: read_column(path, group, column)?, buffer: String::new() })
    }

    fn n_rows(&self) -> usize {
        match &self.values {
            ColumnValues::Texts(values) => values.len(),
            ColumnValues::Integers(values) => values.len(),
            ColumnValues::Numbers(values) => values.len(),
            ColumnValues::TextLists(values) => values.len(),
        }
    }

    /// One value as text; empty where it is null.
    fn text(&mut self, row: usize) -> &str {
        let text = match &self.values {
            ColumnValues::Texts(values) => return values[row].as_deref().unwrap_or(""),
            ColumnValues::Integers(values) => values[row].map(|value| value.to_string()),
            ColumnValues::Numbers(values) => {
                values[row].filter(|value| !value.is_nan()).map(|value| value.to_string())
            }
            ColumnValues::TextLists(values) => Some(values[row].join("|")),
        };
        self.buffer = text.unwrap_or_default();
        &self.buffer
    }

    /// One value as a rating or time.
    fn cell(&self, row: usize) -> Cell<'_> {
        let number = match &self.values {
            ColumnValues::Texts(values) => return Cell::Text(values[row].as_deref().unwrap_or("").trim()),
            ColumnValues::Integers(values) => values[row].map(|value| value as f64),
            ColumnValues::Numbers(values) => values[row],
            ColumnValues::TextLists(_) => None,
        };
        number.map_or(Cell::Text(""), Cell::Number)
    }

    fn categories(&mut self, row: usize) -> Vec<String> {
        match &self.values {
            ColumnValues::TextLists(values) => {
                values[row].iter().filter(|name| !name.is_empty()).cloned().collect()
            }
            _ => categories_of(self.text(row)),
        }
    }
}
