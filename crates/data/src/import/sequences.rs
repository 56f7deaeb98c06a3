//! Logs with one user and a list of items per row, oldest first: every item a positive signal.

use super::{ImportOptions, Source, items, jsonl};
use crate::collect::{At, Cell, Collector, RawRow};
use crate::input::{Input, Role, Separator, Table, find_column, missing};
use crate::{Clock, DataError, Problem, ScaleChoice, Warning};

/// Reads delimited text or JSON lines.
pub(super) fn read_rows(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let member = input.single().ok_or_else(|| input.lacks("single file"))?;
    collector.begin(source, member.name(), Clock::Positions, false)?;
    collector.set_scale(ScaleChoice::Positive);
    if [".jsonl", ".ndjson", ".json"].iter().any(|end| member.base_name().ends_with(end)) {
        return jsonl::read_sequences(member, source, options.encoding, collector);
    }
    member.read_text(options.encoding, |text| {
        let table = Table::open(text, Separator::Guess, None)?;
        let names = || table.header().iter().map(String::as_str);
        let list = find_column(names(), Role::Sequence, source.columns.item.as_deref(), table.file())?;
        let list = list.ok_or_else(|| missing(Role::Sequence, &names().collect::<Vec<_>>(), table.file()))?;
        read_table(table, source, list, collector)
    })
}

/// Reads the rows of a table with a list column. A further item column (RecBole's target) comes after the list.
pub(super) fn read_table(
    mut table: Table<'_>,
    source: &Source,
    list: usize,
    collector: &mut Collector,
) -> Result<(), DataError> {
    collector.set_scale(ScaleChoice::Positive);
    let names = || table.header().iter().map(String::as_str);
    let user = find_column(names(), Role::User, source.columns.user.as_deref(), table.file())?;
    let user = user.ok_or_else(|| missing(Role::User, &names().collect::<Vec<_>>(), table.file()))?;
    let target = find_column(names(), Role::Item, None, table.file())?.filter(|&column| column != list);
    let select = super::log::selected(&table, source)?;
    let n_columns = table.header().len();
    let mut n_rows = 0u64;
    while table.advance()? {
        n_rows += 1;
        let at = At { file: table.file(), line: table.line() };
        if table.n_fields() != n_columns {
            let problem = Problem::FieldCount { expected: n_columns, got: table.n_fields() };
            collector.bad_row(problem, None, at)?;
            continue;
        }
        let mut ids = ids_of(table.field(list));
        ids.extend(target.map(|column| table.field(column).to_owned()));
        let is_selected = select.iter().all(|(column, value)| table.field(*column) == value);
        push(table.field(user), ids.iter().map(String::as_str), is_selected, at, collector)?;
    }
    if n_rows == 0 {
        return Err(DataError::new(Problem::Empty, table.file()));
    }
    Ok(())
}

/// Takes in one sequence: one row for each item.
pub(super) fn push<'a>(
    user: &str,
    ids: impl Iterator<Item = &'a str>,
    is_selected: bool,
    at: At<'_>,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let mut is_empty = true;
    for item in ids {
        is_empty = false;
        if is_selected {
            collector.push(RawRow { user, item, rating: Cell::NoColumn, time: Cell::NoColumn }, at)?;
        } else {
            collector.not_selected(at);
        }
    }
    if is_empty {
        collector.warn(Warning::EmptySequence, at);
    }
    Ok(())
}

/// Ids separated by blanks, `|` or commas, or a bracketed list.
fn ids_of(field: &str) -> Vec<String> {
    if field.starts_with('[') {
        return items::categories_of(field);
    }
    let parts = field.split(|c: char| c.is_whitespace() || matches!(c, '|' | ','));
    parts.filter(|id| !id.is_empty()).map(str::to_owned).collect()
}
