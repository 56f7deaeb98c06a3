//! Logs with one user and a list of items per row, oldest first: every item a positive signal.

use super::importer::{Importer, no_items};
use super::layout::selected;
use super::{Format, ImportOptions, Source, jsonl, table_of};
use crate::collect::{At, Collector, RawRow};
use crate::input::{
    Input, JSON_ENDS, Literal, Member, Role, Separator, TABLE_ENDS, Table, find_column, missing, untyped_id,
};
use crate::understood::{Understood, names};
use crate::{Clock, DataError, Problem, ScaleChoice, Warning};

/// How it is read.
pub(super) const IMPORTER: Importer =
    Importer { format: Format::Sequences, name: "sequences", is_text: true, list_items: no_items, read_rows };

/// Reads delimited text or JSON lines.
pub(super) fn read_rows(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let ends: Vec<&str> = JSON_ENDS.into_iter().chain(TABLE_ENDS).collect();
    let members = input.log(&ends)?;
    if let [member] = members[..] {
        return read_part(member, source, options, Some(member.name()), collector);
    }
    let (name, mut is_begun) = (input.name(), false);
    for member in members {
        let name = (!is_begun).then_some(name.as_str());
        match read_part(member, source, options, name, collector) {
            Err(error) if matches!(error.problem(), Problem::Empty) => {}
            part => part.map(|()| is_begun = true)?,
        }
    }
    Ok(())
}

fn read_part(
    member: &Member,
    source: &Source,
    options: &ImportOptions,
    name: Option<&str>,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let is_json = JSON_ENDS.iter().any(|end| member.base_name().ends_with(end));
    if is_json || member.begins_with(b"{")? || member.begins_with(b"[")? {
        return jsonl::read_sequences(member, source, options.encoding, name, collector);
    }
    member.read_text(options.encoding, |text| {
        let table = table_of(text, source, Separator::Guess)?;
        let names = || table.header().iter().map(String::as_str);
        let list = find_column(names(), Role::Sequence, source.columns.item.as_deref(), table.file())?;
        let list = list.ok_or_else(|| missing(Role::Sequence, &names().collect::<Vec<_>>(), table.file()))?;
        read_table(table, source, list, name, collector)
    })
}

/// Reads the rows of a table with a list column. A further item column (RecBole's target) comes after the list. Begins a
/// log where it is given a name for it; else one was begun.
pub(super) fn read_table(
    mut table: Table<'_>,
    source: &Source,
    list: usize,
    name: Option<&str>,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let header = || table.header().iter().map(String::as_str);
    let user = find_column(header(), Role::User, source.columns.user.as_deref(), table.file())?;
    let user = user.ok_or_else(|| missing(Role::User, &header().collect::<Vec<_>>(), table.file()))?;
    let target = find_column(header(), Role::Item, None, table.file())?.filter(|&column| column != list);
    let select = selected(&header().collect::<Vec<_>>(), source, table.file())?;
    let is_used = |column: usize| {
        [Some(user), Some(list), target].contains(&Some(column)) || select.iter().any(|(c, _)| *c == column)
    };
    let ignored = names(header().enumerate().filter(|(column, _)| !is_used(*column)).map(|(_, name)| name));
    begin(source, name, &table.header()[user], &table.header()[list], ignored, collector)?;
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
        ids.extend(target.map(|column| untyped_id(table.field(column)).to_owned()));
        let is_selected = select.iter().all(|(column, value)| table.field(*column) == value);
        push(untyped_id(table.field(user)), ids.iter().map(String::as_str), is_selected, at, collector)?;
    }
    if n_rows == 0 {
        return Err(DataError::new(Problem::Empty, table.file()));
    }
    Ok(())
}

/// Begins a log of sequences, if it has a name, every row of which is a positive signal.
pub(super) fn begin(
    source: &Source,
    name: Option<&str>,
    user: &str,
    list: &str,
    ignored: Vec<String>,
    collector: &mut Collector,
) -> Result<(), DataError> {
    if let Some(name) = name {
        let understood = Understood { ignored, ..Understood::of(user, list, None, Clock::Positions) };
        collector.begin(source, name, understood)?;
    }
    collector.set_scale(ScaleChoice::Positive);
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
            collector.push(RawRow::without_rating(user, item), at)?;
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
    if field.starts_with(['[', '(', '{'])
        && let Ok(Literal::List(values)) = Literal::parse(field)
    {
        let ids = values.iter().map(|value| value.scalar().unwrap_or_default().trim());
        return ids.map(|id| untyped_id(id).to_owned()).collect();
    }
    let inner = field.trim_matches(['[', ']', '(', ')', '{', '}']);
    let parts = inner.split(|c: char| c.is_whitespace() || matches!(c, '|' | ','));
    parts.filter(|id| !id.is_empty()).map(|id| untyped_id(id).to_owned()).collect()
}
