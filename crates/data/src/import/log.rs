//! Logs as delimited text: one row per interaction.

use super::ahead::for_each_row;
use super::importer::{Importer, no_items};
use super::layout::Layout;
use super::{Format, ImportOptions, Source, table_of};
use crate::collect::{At, Cell, Collector, RawRow};
use crate::input::{Input, Separator, TABLE_ENDS, Table, untyped_id};
use crate::{Clock, DataError, Problem};
use std::path::Path;

/// How it is read.
pub(super) const IMPORTER: Importer =
    Importer { format: Format::Csv, name: "csv", is_text: true, list_items: no_items, read_rows: read_file };

/// Reads a delimited file, or the parts of one, which have the same header.
pub(super) fn read_file(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let members = input.log(&TABLE_ENDS)?;
    if let [member] = members[..] {
        return member.read_text(options.encoding, |text| {
            let table = table_of(text, source, Separator::Guess)?;
            read_table(table, source, Some(member.name()), collector)
        });
    }
    let (mut parts, name) = (Parts::default(), input.name());
    for member in members {
        let part = member.read_text(options.encoding, |text| {
            let table = table_of(text, source, Separator::Guess)?;
            let is_first = parts.is_first(table.header(), table.file())?;
            read_table(table, source, is_first.then_some(name.as_str()), collector)
        });
        parts.are_read(part)?;
    }
    Ok(())
}

/// The parts of one table, some of which may be empty.
#[derive(Default)]
pub(super) struct Parts {
    header: Option<Vec<String>>,
}

impl Parts {
    /// Whether this is the first part that has a header; the others must have the same.
    pub(super) fn is_first(&mut self, header: &[String], file: &Path) -> Result<bool, DataError> {
        match &self.header {
            None => {
                self.header = Some(header.to_vec());
                Ok(true)
            }
            Some(first) if first == header => Ok(false),
            Some(_) => {
                let text = "another header than that of the part before".to_owned();
                Err(DataError::new(Problem::Option(text), file).at_line(1))
            }
        }
    }

    /// Passes over the error of a part without rows.
    pub(super) fn are_read(&self, part: Result<(), DataError>) -> Result<(), DataError> {
        match part {
            Err(error) if matches!(error.problem(), Problem::Empty) => Ok(()),
            other => other,
        }
    }
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
                propensity: cell(layout.propensity),
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
