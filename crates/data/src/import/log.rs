//! Logs as delimited text: one row per interaction.

use super::ahead::for_each_row;
use super::{ImportOptions, Source};
use crate::collect::{At, Cell, Collector, RawRow};
use crate::input::{Input, Role, Separator, Table, find_column, is_count_name, missing};
use crate::{Clock, DataError, Problem, ScaleChoice};

/// Reads a single delimited file.
pub(super) fn read_file(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let member = input.single().ok_or_else(|| input.lacks("single file"))?;
    member.read_text(options.encoding, |text| {
        let table = Table::open(text, Separator::Guess, None)?;
        read_table(table, source, member.name(), collector)
    })
}

/// The columns of a log.
struct Layout {
    user: usize,
    item: usize,
    rating: Option<usize>,
    time: Option<usize>,
    select: Vec<(usize, String)>,
}

/// Reads a delimited log.
pub(super) fn read_table(
    table: Table<'_>,
    source: &Source,
    name: &str,
    collector: &mut Collector,
) -> Result<(), DataError> {
    begin(&table, source, name, collector)?;
    read_more(table, source, collector)
}

/// Starts a log whose columns are those of `table`.
pub(super) fn begin(
    table: &Table<'_>,
    source: &Source,
    name: &str,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let layout = layout(table, source)?;
    let clock = if layout.time.is_some() { Clock::Seconds } else { Clock::Unordered };
    let amounts = layout.rating.is_some_and(|column| is_count_name(&table.header()[column]));
    collector.begin(source, name, clock, amounts)?;
    if layout.rating.is_none() {
        collector.set_scale(ScaleChoice::Positive);
    }
    Ok(())
}

/// Reads all rows of a table into the log that was begun.
pub(super) fn read_more(
    mut table: Table<'_>,
    source: &Source,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let layout = layout(&table, source)?;
    let (n_columns, file) = (table.header().len(), table.file().to_owned());
    let n_rows = for_each_row(&mut table, |row| {
        let at = At { file: &file, line: row.line() };
        if row.n_fields() != n_columns {
            let problem = Problem::FieldCount { expected: n_columns, got: row.n_fields() };
            collector.bad_row(problem, None, at)
        } else if layout.select.iter().any(|(column, value)| row.field(*column) != value) {
            collector.not_selected(at);
            Ok(())
        } else {
            let cell = |column: Option<usize>| column.map_or(Cell::NoColumn, |c| Cell::Text(row.field(c)));
            let row = RawRow {
                user: row.field(layout.user),
                item: row.field(layout.item),
                rating: cell(layout.rating),
                time: cell(layout.time),
            };
            collector.push(row, at)
        }
    })?;
    if n_rows == 0 {
        return Err(DataError::new(Problem::Empty, &file));
    }
    Ok(())
}

fn layout(table: &Table<'_>, source: &Source) -> Result<Layout, DataError> {
    let names = || table.header().iter().map(String::as_str);
    let map = &source.columns;
    let find =
        |role: Role, named: &Option<String>| find_column(names(), role, named.as_deref(), table.file());
    let need = |role: Role, named: &Option<String>| {
        find(role, named)?.ok_or_else(|| missing(role, &names().collect::<Vec<_>>(), table.file()))
    };
    Ok(Layout {
        user: need(Role::User, &map.user)?,
        item: need(Role::Item, &map.item)?,
        rating: find(Role::Rating, &map.rating)?,
        time: find(Role::Time, &map.time)?,
        select: selected(table, source)?,
    })
}

/// The columns and values of the source's selections.
pub(super) fn selected(table: &Table<'_>, source: &Source) -> Result<Vec<(usize, String)>, DataError> {
    let column = |selection: &super::Selection| {
        let names = table.header().iter().map(String::as_str);
        let column = find_column(names, Role::Selected, Some(&selection.column), table.file())?;
        Ok((column.expect("a named column is found or an error"), selection.value.clone()))
    };
    source.select.iter().map(column).collect()
}
