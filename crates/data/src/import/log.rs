//! Logs as delimited text: one row per interaction.

use super::ahead::for_each_row;
use super::layout::Layout;
use super::{ImportOptions, Source, table_of};
use crate::collect::{At, Cell, Collector, RawRow};
use crate::input::{Input, Separator, Table, untyped_id};
use crate::{Clock, DataError, Problem};

/// Reads a single delimited file.
pub(super) fn read_file(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let member = input.single().ok_or_else(|| input.lacks("single file"))?;
    member.read_text(options.encoding, |text| {
        let table = table_of(text, source, Separator::Guess)?;
        read_table(table, source, Some(member.name()), collector)
    })
}

/// Begins a log whose rows stand in an order that `clock` names.
pub(super) fn begin(
    table: &Table<'_>,
    source: &Source,
    name: &str,
    clock: Clock,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let header: Vec<&str> = table.header().iter().map(String::as_str).collect();
    Layout::of(&header, source, table.file())?.with_clock(clock).begin(source, name, collector)
}

/// Reads all rows of a delimited log. Begins a log where it is given a name for it; else one was begun.
pub(super) fn read_table(
    mut table: Table<'_>,
    source: &Source,
    name: Option<&str>,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let (n_columns, file) = (table.header().len(), table.file().to_owned());
    let header: Vec<&str> = table.header().iter().map(String::as_str).collect();
    let layout = Layout::of(&header, source, &file)?;
    if let Some(name) = name {
        layout.begin(source, name, collector)?;
    }
    let mut unused = layout.unused();
    let n_rows = for_each_row(&mut table, |row| {
        let at = At { file: &file, line: row.line() };
        if row.n_fields() != n_columns {
            let problem = Problem::FieldCount { expected: n_columns, got: row.n_fields() };
            collector.bad_row(problem, None, at)
        } else if layout.select.iter().any(|(column, value)| row.field(*column) != value) {
            collector.not_selected(at);
            Ok(())
        } else {
            unused.see(|column| row.field(column));
            let cell = |column: Option<usize>| column.map_or(Cell::NoColumn, |c| Cell::Text(row.field(c)));
            let row = RawRow {
                user: untyped_id(row.field(layout.user)),
                item: untyped_id(row.field(layout.item)),
                rating: cell(layout.rating),
                time: cell(layout.time),
            };
            collector.push(row, at)
        }
    })?;
    if n_rows == 0 {
        return Err(DataError::new(Problem::Empty, &file));
    }
    unused.report(collector);
    Ok(())
}
