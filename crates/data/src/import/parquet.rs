//! Parquet tables: logs and items, read column by column, some rows at a time.

use super::categories::Categories;
use super::importer::{Importer, no_items};
use super::items::{Shelf, id_column};
use super::layout::Layout;
use super::log::Parts;
use super::unused::Unused;
use super::{Format, ImportOptions, Source};
use crate::collect::{At, Cell, Collector, RawRow};
use crate::input::{ColumnMap, Input, Member, Role, find_column, iso_text};
use crate::store::{BLOCK, Column, ColumnValues, ParquetTable};
use crate::understood::Understood;
use crate::{DataError, Problem};
use ::parquet::basic::{ConvertedType, LogicalType, Repetition};
use ::parquet::schema::types::Type;
use std::path::Path;

/// How it is read.
pub(super) const IMPORTER: Importer =
    Importer { format: Format::Parquet, name: "parquet", is_text: false, list_items: no_items, read_rows };

/// Reads one interaction per row of a table, or of the parts of one, which have the same columns.
pub(super) fn read_rows(
    source: &Source,
    input: &Input,
    _: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let members = input.log(&[".parquet", ".pq"])?;
    let name = if let [member] = members[..] { member.name().to_owned() } else { input.name() };
    let mut parts = Parts::default();
    let mut unused: Option<Unused> = None;
    for member in members {
        let on_disk = member.on_disk()?;
        let table = open(member, &on_disk)?;
        let header = header_of(&table);
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let layout = Layout::of(&names, source, table.path())?;
        if parts.is_first(&header, table.path())? {
            layout.begin(source, &name, collector)?;
        }
        let unused = unused.get_or_insert_with(|| layout.unused());
        look_at(&table, unused);
        read_table(&table, &layout, collector)?;
    }
    if let Some(unused) = unused {
        unused.report(collector);
    }
    Ok(())
}

/// Looks at the first rows of columns that play no role, as far as they can be read.
fn look_at(table: &ParquetTable, unused: &mut Unused) {
    let n = if table.n_groups() == 0 { 0 } else { table.n_rows(0).min(BLOCK) };
    for number in if n > 0 { unused.wanted() } else { Vec::new() } {
        let block = table.column(0, number).and_then(|mut column| Block::next(&mut column, n));
        if let Ok(mut block) = block {
            (0..n).for_each(|row| unused.see_value(number, block.text(row)));
        }
    }
}

/// Opens a table that has the format.
fn open(member: &Member, on_disk: &Member) -> Result<ParquetTable, DataError> {
    let shown = member.shown_path();
    if !on_disk.begins_with(b"PAR1")? && !on_disk.begins_with(b"PARE")? {
        let hint = "name its format: csv, jsonl, ...";
        return Err(DataError::new(
            Problem::NotRead { what: "a file that is no Parquet table".into(), hint },
            &shown,
        ));
    }
    ParquetTable::open(on_disk.stored(), &shown)
}

fn read_table(table: &ParquetTable, layout: &Layout, collector: &mut Collector) -> Result<(), DataError> {
    let mut line = 0;
    for group in 0..table.n_groups() {
        let open = |column: usize| table.column(group, column);
        let (mut users, mut items) = (open(layout.user)?, open(layout.item)?);
        let mut rest = Vec::new();
        for column in [layout.rating, layout.time, layout.propensity] {
            rest.push(column.map(open).transpose()?);
        }
        let mut select: Vec<Column> =
            layout.select.iter().map(|(column, _)| open(*column)).collect::<Result<_, _>>()?;
        for n in blocks(table.n_rows(group)) {
            let (mut users, mut items) = (Block::next(&mut users, n)?, Block::next(&mut items, n)?);
            let mut blocks = [None, None, None];
            for (block, column) in blocks.iter_mut().zip(&mut rest) {
                *block = column.as_mut().map(|column| Block::next(column, n)).transpose()?;
            }
            let mut chosen: Vec<Block> =
                select.iter_mut().map(|column| Block::next(column, n)).collect::<Result<_, _>>()?;
            for row in 0..n {
                line += 1;
                let at = At { file: table.path(), line };
                let mut wanted = layout.select.iter().zip(&mut chosen);
                if !wanted.all(|((_, value), block)| block.text(row) == *value) {
                    collector.not_selected(at);
                    continue;
                }
                let cells = blocks.each_ref().map(|block| match block {
                    Some(block) => block.cell(row),
                    None => Cell::NoColumn,
                });
                let [rating, time, propensity] = cells;
                let (user, item) = (users.text(row), items.text(row));
                collector.push(RawRow { user, item, rating, time, propensity }, at)?;
            }
        }
    }
    Ok(())
}

/// Puts one item per row on the shelf; categories may be a list, structs with names, or one field.
pub(super) fn list_items(
    member: &Member,
    columns: &ColumnMap,
    shelf: &mut Shelf,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let on_disk = member.on_disk()?;
    let table = open(member, &on_disk)?;
    let (header, path) = (header_of(&table), table.path());
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let id = id_column(&names, columns, path)?;
    let title = find_column(names.iter().copied(), Role::Title, columns.title.as_deref(), path)?;
    let genres = genres_column(&names, columns, path)?;
    collector.items_file(member.name(), Understood::of_items(names.iter().copied(), id, title, genres));
    let mut line = 0;
    for group in 0..table.n_groups() {
        let open = |column: usize| table.column(group, column);
        let mut ids = open(id)?;
        let (mut titles, mut genres) = (title.map(open).transpose()?, genres.map(open).transpose()?);
        for n in blocks(table.n_rows(group)) {
            let mut ids = Block::next(&mut ids, n)?;
            let mut titles = titles.as_mut().map(|column| Block::next(column, n)).transpose()?;
            let mut genres = genres.as_mut().map(|column| Block::next(column, n)).transpose()?;
            for row in 0..n {
                line += 1;
                let title = titles.as_mut().map_or("", |block| block.text(row));
                let categories = match &mut genres {
                    Some(block) => block.categories(row),
                    None => Categories::Names(Vec::new()),
                };
                shelf.push(ids.text(row), title, categories, line);
            }
        }
    }
    Ok(())
}

/// The column of the categories: of structs with names, the names.
fn genres_column(names: &[&str], columns: &ColumnMap, path: &Path) -> Result<Option<usize>, DataError> {
    let outer = names.iter().map(|name| name.strip_suffix(".name").unwrap_or(name));
    let named = columns.genres.as_deref().map(|named| named.strip_suffix(".name").unwrap_or(named));
    find_column(outer, Role::Genres, named, path)
}

/// The rows of a group in blocks.
fn blocks(n_rows: usize) -> impl Iterator<Item = usize> {
    (0..n_rows.div_ceil(BLOCK)).map(move |block| (n_rows - block * BLOCK).min(BLOCK))
}

/// The names of the leaf columns. What is within a struct has the struct's name before its own; the layers that make
/// a list have none.
fn header_of(table: &ParquetTable) -> Vec<String> {
    let schema = table.schema();
    let columns = schema.columns().iter();
    columns.map(|column| shown_name(schema.root_schema(), column.path().parts())).collect()
}

fn shown_name(root: &Type, path: &[String]) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut outer = root;
    let (mut is_in_list, mut is_element) = (false, false);
    for part in path {
        let Some(inner) = fields(outer).iter().find(|field| field.name() == part.as_str()) else {
            break;
        };
        let is_layer = is_in_list && is_repeated(inner);
        if !is_layer && !is_element {
            names.push(part);
        }
        is_element = is_layer && fields(inner).len() == 1;
        is_in_list = is_list(inner);
        outer = inner;
    }
    names.join(".")
}

fn fields(group: &Type) -> &[::parquet::schema::types::TypePtr] {
    if group.is_group() { group.get_fields() } else { &[] }
}

fn is_repeated(field: &Type) -> bool {
    let info = field.get_basic_info();
    info.has_repetition() && info.repetition() == Repetition::REPEATED
}

fn is_list(field: &Type) -> bool {
    let info = field.get_basic_info();
    matches!(info.logical_type_ref(), Some(LogicalType::List)) || info.converted_type() == ConvertedType::LIST
}

/// Some rows of one column, with room to write a number as text.
struct Block {
    values: ColumnValues,
    buffer: String,
}

impl Block {
    fn next(column: &mut Column, n: usize) -> Result<Self, DataError> {
        Ok(Self { values: column.next(n)?, buffer: String::new() })
    }

    /// One value as text, without blanks around it; empty where it is null.
    fn text(&mut self, row: usize) -> &str {
        let text = match &self.values {
            ColumnValues::Texts(values) => return values[row].as_deref().unwrap_or("").trim(),
            ColumnValues::Integers(values) => values[row].map(|value| value.to_string()),
            ColumnValues::Numbers(values) => {
                values[row].filter(|value| !value.is_nan()).map(|value| value.to_string())
            }
            ColumnValues::Times(values) => values[row].map(iso_text),
            ColumnValues::TextLists(values) => Some(values[row].join("|")),
        };
        self.buffer = text.unwrap_or_default();
        &self.buffer
    }

    /// One value as a rating or time.
    fn cell(&self, row: usize) -> Cell<'_> {
        let number = match &self.values {
            ColumnValues::Texts(values) => return Cell::Text(values[row].as_deref().unwrap_or("").trim()),
            ColumnValues::Integers(values) | ColumnValues::Times(values) => {
                values[row].map(|value| value as f64)
            }
            ColumnValues::Numbers(values) => values[row],
            ColumnValues::TextLists(_) => None,
        };
        number.map_or(Cell::Text(""), Cell::Number)
    }

    fn categories(&mut self, row: usize) -> Categories {
        match &self.values {
            ColumnValues::TextLists(values) => Categories::named(values[row].iter().map(String::as_str)),
            _ => Categories::of_text(self.text(row)),
        }
    }
}
