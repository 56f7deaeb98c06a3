//! Rating matrices: triples, or a table with one row per user and one column per item.

use super::importer::{Importer, no_items};
use super::{Format, ImportOptions, Source, log, table_of};
use crate::collect::{At, Cell, Collector, RawRow};
use crate::input::{Input, Role, Separator, TABLE_ENDS, Table, find_column, untyped_id};
use crate::understood::Understood;
use crate::{Clock, DataError, Problem};

/// How it is read.
pub(super) const IMPORTER: Importer =
    Importer { format: Format::Matrix, name: "matrix", is_text: true, list_items: no_items, read_rows };

/// Reads a matrix. A header with a user and an item column means triples. Else the table is dense: if the first
/// cell is not a number, the first line names the items and the first column the users; if it is one, rows and
/// columns are numbered from 0. Blank cells (or `NA`, `nan`) are not ratings.
pub(super) fn read_rows(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let members = input.log(&TABLE_ENDS)?;
    let [member] = members[..] else { return Err(input.several(&members)) };
    let has_triples = member.read_text(options.encoding, |text| {
        let table = table_of(text, source, Separator::Guess)?;
        let has = |role: Role, named: &Option<String>| {
            let names = table.header().iter().map(String::as_str);
            Ok::<_, DataError>(named.is_some() || find_column(names, role, None, table.file())?.is_some())
        };
        Ok(has(Role::User, &source.columns.user)? && has(Role::Item, &source.columns.item)?)
    })?;
    if has_triples {
        return log::read_file(source, input, options, collector);
    }
    if !source.select.is_empty() {
        let text = "a dense matrix has no columns to select by".to_owned();
        return Err(DataError::new(Problem::Option(text), input.path()));
    }
    let understood = Understood::of("the rows", "the columns", Some("the cells"), Clock::Unordered);
    collector.begin(source, member.name(), understood)?;
    member.read_text(options.encoding, |text| {
        let separator = Separator::of(source.separator, Separator::Guess);
        read_dense(Table::open(text, separator, Some(&[]))?, source.no_header, collector)
    })
}

fn read_dense(mut table: Table<'_>, no_header: bool, collector: &mut Collector) -> Result<(), DataError> {
    if !table.advance()? {
        return Err(DataError::new(Problem::Empty, table.file()));
    }
    let is_named = !no_header && table.field(0).parse::<f64>().is_err();
    let n_columns = table.n_fields();
    let first_cell = usize::from(is_named);
    let items: Vec<String> = (first_cell..n_columns)
        .map(|column| if is_named { untyped_id(table.field(column)).to_owned() } else { column.to_string() })
        .collect();
    let mut more = if is_named { table.advance()? } else { true };
    let mut n_rows = 0u64;
    while more {
        let at = At { file: table.file(), line: table.line() };
        if table.n_fields() == n_columns {
            let number = n_rows.to_string();
            let user = if is_named { untyped_id(table.field(0)) } else { &number };
            for (place, item) in items.iter().enumerate() {
                let cell = table.field(first_cell + place);
                if !is_blank(cell) {
                    let row = RawRow { rating: Cell::Text(cell), ..RawRow::without_rating(user, item) };
                    collector.push(row, at)?;
                }
            }
        } else {
            let problem = Problem::FieldCount { expected: n_columns, got: table.n_fields() };
            collector.bad_row(problem, None, at)?;
        }
        n_rows += 1;
        more = table.advance()?;
    }
    Ok(())
}

fn is_blank(cell: &str) -> bool {
    cell.is_empty() || cell.eq_ignore_ascii_case("na") || cell.eq_ignore_ascii_case("nan")
}
