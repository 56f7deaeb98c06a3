//! Items files: id, title, categories.

use super::Source;
use crate::DataError;
use crate::collect::{At, Collector};
use crate::input::{
    ColumnMap, Encoding, FieldSeparator, Member, Role, Separator, Table, find_column, missing, plain_name,
    starts_with, untyped_id,
};
use crate::understood::Understood;
use std::path::Path;

/// Reads an items file of whatever layout its name or content shows: Parquet, JSON lines, RecBole's `.item`,
/// BiLLP's `datamaps.json`, MovieLens's `movies.dat` and `u.item`, or delimited text.
pub(super) fn read(
    member: &Member,
    source: &Source,
    encoding: Encoding,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let columns = &source.columns;
    let name = member.base_name();
    if let Some(path) = member.plain_path().filter(|path| starts_with(path, b"PAR1").unwrap_or(false)) {
        return super::parquet::list_items(path, columns, collector);
    }
    if matches!(name, "movies.dat" | "u.item") {
        return super::movielens::list_file(member, columns, encoding, collector);
    }
    if name == "datamaps.json" {
        let genres = member.beside("list_genre.json");
        return super::billp::list_datamaps(member, genres.as_ref(), encoding, collector);
    }
    if [".jsonl", ".ndjson", ".json"].iter().any(|end| name.ends_with(end)) {
        return super::jsonl::list_items(member, columns, encoding, collector);
    }
    let layout = if name.ends_with(".item") { Separator::TabOrGuess } else { Separator::Guess };
    let separator = separator_of(member, source, layout, encoding)?;
    member.read_text(encoding, |text| {
        read_table(Table::open(text, separator, None)?, columns, Titles::AsTheyAre, collector)
    })
}

/// The log's separator is that of the items file where the layout's makes a single column of its header.
pub(super) fn separator_of(
    member: &Member,
    source: &Source,
    layout: Separator,
    encoding: Encoding,
) -> Result<Separator, DataError> {
    if source.separator == FieldSeparator::Auto {
        return Ok(layout);
    }
    let n_columns = member.read_text(encoding, |text| Ok(Table::open(text, layout, None)?.header().len()))?;
    Ok(if n_columns > 1 { layout } else { Separator::of(source.separator, layout) })
}

/// What becomes of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Titles {
    /// Nothing.
    AsTheyAre,
    /// A year in a column of its own goes behind the title in brackets, as MovieLens writes it.
    WithYear,
}

/// Lists all items of a delimited file.
pub(super) fn read_table(
    mut table: Table<'_>,
    columns: &ColumnMap,
    titles: Titles,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let names = || table.header().iter().map(String::as_str);
    let id =
        id_column(&table.header().iter().map(String::as_str).collect::<Vec<_>>(), columns, table.file())?;
    let title = find_column(names(), Role::Title, columns.title.as_deref(), table.file())?;
    let genres = find_column(names(), Role::Genres, columns.genres.as_deref(), table.file())?;
    collector.items_file(&shown_name(table.file()), Understood::of_items(names(), id, title, genres));
    let year = if titles == Titles::WithYear { table.column_named("release_year") } else { None };
    while table.advance()? {
        let mut text = title.map_or("", |column| table.field(column)).to_owned();
        let year = year.map_or("", |column| table.field(column));
        if !year.is_empty() && !text.is_empty() && !text.ends_with(')') {
            text = format!("{text} ({year})");
        }
        let categories = genres.map_or_else(Vec::new, |column| match is_sequence(&table.header()[column]) {
            true => table.field(column).split_whitespace().map(str::to_owned).collect(),
            false => categories_of(table.field(column)),
        });
        let at = At { file: table.file(), line: table.line() };
        collector.list_item(untyped_id(table.field(id)), &text, categories, at)?;
    }
    Ok(())
}

/// A file's name without directories.
pub(super) fn shown_name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether a header says that RecBole's fields hold tokens separated by blanks.
fn is_sequence(header: &str) -> bool {
    header.ends_with(":token_seq")
}

/// The id column of an items file. The log's name for it may not be the file's, so a named column that is not
/// there is looked for by its usual names; `id` will do too, and at last what the items are (`movie`).
pub(super) fn id_column(header: &[&str], columns: &ColumnMap, file: &Path) -> Result<usize, DataError> {
    let has = |named: &&str| header.iter().any(|name| plain_name(name) == plain_name(named));
    let named = columns.item.as_deref().filter(has);
    if let Some(column) = find_column(header.iter().copied(), Role::ItemId, named, file)? {
        return Ok(column);
    }
    if let Some(column) = header.iter().position(|name| plain_name(name) == "id") {
        return Ok(column);
    }
    find_column(header.iter().copied(), Role::Item, None, file)?
        .ok_or_else(|| missing(Role::Item, header, file))
}

/// Category names out of one field: `a|b`, `['a', "b"]`, `a;b`, or one name (which may hold a comma).
pub(super) fn categories_of(field: &str) -> Vec<String> {
    let field = field.trim();
    let names: Vec<String> = if let Some(list) = field.strip_prefix('[').and_then(|f| f.strip_suffix(']')) {
        list_of(list)
    } else {
        let separator = if field.contains('|') { '|' } else { ';' };
        field.split(separator).map(str::to_owned).collect()
    };
    names.into_iter().map(|name| name.trim().to_owned()).filter(|name| is_category(name)).collect()
}

/// MovieLens says so where there are none.
fn is_category(name: &str) -> bool {
    !name.is_empty() && name != "(no genres listed)"
}

/// Names between quotation marks of either kind, separated by commas; without marks, between commas.
fn list_of(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut quote = None;
    let mut is_escaped = false;
    for character in text.chars() {
        match (quote, character) {
            (Some(_), '\\') if !is_escaped => {
                is_escaped = true;
                continue;
            }
            (Some(open), _) if character == open && !is_escaped => quote = None,
            (None, '\'' | '"') if names.last().is_some_and(|name| name.trim().is_empty()) => {
                quote = Some(character);
            }
            (None, ',') => names.push(String::new()),
            _ => names.last_mut().expect("starts with one").push(character),
        }
        is_escaped = false;
    }
    names
}
