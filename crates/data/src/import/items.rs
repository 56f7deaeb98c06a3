//! Items files: id, title, categories.

use super::Source;
use super::categories::{Categories, decide_commas, is_missing, names};
use crate::collect::{At, Collector};
use crate::input::{
    ColumnMap, Encoding, FieldSeparator, Input, JSON_ENDS, Member, Role, Separator, TABLE_ENDS, Table,
    find_column, missing, plain_name, untyped_id,
};
use crate::understood::Understood;
use crate::{DataError, Problem, Warning};
use std::path::{Path, PathBuf};

/// Reads an items file, folder or archive of whatever layout its name or content shows: Parquet, JSON, RecBole's
/// `.item`, BiLLP's `datamaps.json`, MovieLens's `movies.dat` and `u.item`, or delimited text.
pub(super) fn read(
    path: &Path,
    source: &Source,
    encoding: Encoding,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let columns = &source.columns;
    let input = Input::open(path)?;
    let ends: Vec<&str> = [".item", ".parquet"].into_iter().chain(TABLE_ENDS).chain(JSON_ENDS).collect();
    let mut shelf = Shelf::new(path);
    for member in input.log(&ends)? {
        let name = member.base_name();
        if member.begins_with(b"PAR1")? {
            super::parquet::list_items(member, columns, &mut shelf, collector)?;
        } else if matches!(name, "movies.dat" | "u.item") {
            super::movielens::list_file(member, columns, encoding, &mut shelf, collector)?;
        } else if name == "datamaps.json" {
            let genres = member.beside("list_genre.json");
            super::billp::list_datamaps(member, genres.as_ref(), encoding, &mut shelf, collector)?;
        } else if JSON_ENDS.iter().any(|end| name.ends_with(end)) || member.begins_with(b"{")? {
            super::jsonl::list_items(member, columns, encoding, &mut shelf, collector)?;
        } else {
            let layout = if name.ends_with(".item") { Separator::TabOrGuess } else { Separator::Guess };
            let separator = separator_of(member, source, layout, encoding)?;
            member.read_text(encoding, |text| {
                let table = Table::open(text, separator, None)?;
                read_table(table, columns, Titles::AsTheyAre, &mut shelf, collector)
            })?;
        }
    }
    shelf.place(collector)
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

/// The items of a file, until all of them are known: the shape of the categories is decided over the whole column.
pub(super) struct Shelf {
    file: PathBuf,
    items: Vec<Item>,
}

struct Item {
    id: String,
    title: String,
    categories: Categories,
    line: u64,
}

impl Shelf {
    pub(super) fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), items: Vec::new() }
    }

    /// Takes in one item. A title that says that there is none is none; one of several lines becomes one line.
    pub(super) fn push(&mut self, id: &str, title: &str, categories: Categories, line: u64) {
        let title = title.trim();
        let title = match title {
            _ if is_missing(title) => String::new(),
            _ if title.contains(char::is_control) => title
                .split(|c: char| c.is_whitespace() || c.is_control())
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
            _ => title.to_owned(),
        };
        self.items.push(Item { id: id.trim().to_owned(), title, categories, line });
    }

    /// Lists all items.
    pub(super) fn place(self, collector: &mut Collector) -> Result<(), DataError> {
        let are_separators = decide_commas(self.items.iter().map(|item| &item.categories));
        for item in self.items {
            let at = At { file: &self.file, line: item.line };
            match &item.categories {
                Categories::NotUnderstood(example) => {
                    collector.warn_of(Warning::CategoriesNotUnderstood, at, example);
                }
                Categories::Commas(text) if are_separators => {
                    collector.warn_of(Warning::CategoriesSplitAtCommas, at, text);
                }
                _ => {}
            }
            collector.list_item(&item.id, &item.title, names(item.categories, are_separators), at)?;
        }
        Ok(())
    }
}

/// What becomes of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Titles {
    /// Nothing.
    AsTheyAre,
    /// A year in a column of its own goes behind the title in brackets, as MovieLens writes it.
    WithYear,
}

/// Puts all items of a delimited file on the shelf.
pub(super) fn read_table(
    mut table: Table<'_>,
    columns: &ColumnMap,
    titles: Titles,
    shelf: &mut Shelf,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let header = table.header().to_vec();
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let id = id_column(&names, columns, table.file())?;
    let find = |role: Role, named: &Option<String>| {
        find_column(names.iter().copied(), role, named.as_deref(), table.file())
    };
    let title = find(Role::Title, &columns.title)?;
    let genres = find(Role::Genres, &columns.genres)?;
    let understood = Understood::of_items(names.iter().copied(), id, title, genres);
    collector.items_file(&shown_name(table.file()), understood);
    let year = if titles == Titles::WithYear { table.column_named("release_year") } else { None };
    while table.advance()? {
        if table.n_fields() != header.len() {
            let problem = Problem::FieldCount { expected: header.len(), got: table.n_fields() };
            collector.bad_item(problem, At { file: table.file(), line: table.line() })?;
            continue;
        }
        let mut text = title.map_or("", |column| table.field(column)).to_owned();
        let year = year.map_or("", |column| table.field(column));
        if !year.is_empty() && !text.is_empty() && !text.ends_with(')') {
            text = format!("{text} ({year})");
        }
        let categories = match genres {
            None => Categories::Names(Vec::new()),
            Some(column) if is_sequence(names[column]) => {
                Categories::named(table.field(column).split_whitespace())
            }
            Some(column) => Categories::of_text(table.field(column)),
        };
        shelf.push(untyped_id(table.field(id)), &text, categories, table.line());
    }
    Ok(())
}

/// Whether a header says that RecBole's fields hold tokens separated by blanks.
fn is_sequence(header: &str) -> bool {
    header.ends_with(":token_seq")
}

/// A file's name without directories.
pub(super) fn shown_name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
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

/// Reads the items file of a log's own layout.
pub(super) fn read_own(
    member: &Member,
    separator: Separator,
    columns: &ColumnMap,
    titles: Titles,
    encoding: Encoding,
    collector: &mut Collector,
) -> Result<(), DataError> {
    let mut shelf = Shelf::new(&member.shown_path());
    member.read_text(encoding, |text| {
        read_table(Table::open(text, separator, None)?, columns, titles, &mut shelf, collector)
    })?;
    shelf.place(collector)
}
