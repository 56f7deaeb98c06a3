//! Reading logs of many layouts into one dataset.

mod ahead;
mod billp;
mod categories;
mod importer;
mod items;
mod jsonl;
mod layout;
mod log;
mod matrix;
mod movielens;
mod options;
mod parquet;
mod recbole;
mod sequences;
mod unused;

pub use options::{BadRows, Format, ImportOptions, ItemIdMap, Selection, Source};

use crate::collect::Collector;
use crate::input::{
    FieldSeparator, Input, Member, Role, Separator, Table, Text, find_column, missing, untyped_id,
};
use crate::{DataError, Dataset, ImportReport, Preview, Problem};
use importer::Importer;
use std::collections::HashMap;
use std::path::Path;

/// Imports one or several logs into one dataset.
///
/// Row numbers follow the input: items in the order of the items file (then unlisted ones in order of
/// appearance), users in order of appearance.
///
/// # Errors
/// When a file is missing, damaged or not of the layout, or a row cannot be understood (unless such rows are to
/// be skipped). The error names file, line and field and has a hint.
pub fn import(options: &ImportOptions) -> Result<(Dataset, ImportReport), DataError> {
    let mut collector = Collector::new(options);
    gather(options, &mut collector)?;
    collector.finish(&options.sources[0].path)
}

/// Imports as [`import`] does, to look at the first `n_rows` rows as they are understood.
///
/// # Errors
/// As [`import`].
pub fn preview(options: &ImportOptions, n_rows: usize) -> Result<Preview, DataError> {
    let mut collector = Collector::new(options);
    collector.keep_first(n_rows);
    gather(options, &mut collector)?;
    let rows = collector.preview();
    let (dataset, _) = collector.finish(&options.sources[0].path)?;
    Ok(Preview { rows, dataset })
}

/// Reads all items, then all logs.
fn gather(options: &ImportOptions, collector: &mut Collector) -> Result<(), DataError> {
    let Some(first) = options.sources.first() else {
        return Err(DataError::new(Problem::Option("no input".into()), Path::new("import")));
    };
    options.sources.iter().try_for_each(check)?;
    let inputs: Vec<Input> =
        options.sources.iter().map(|source| Input::open(&source.path)).collect::<Result<_, _>>()?;
    match &options.items {
        Some(path) => {
            items::read(path, first, options.encoding, collector)?;
            collector.notice_no_items(path);
        }
        None => {
            for (source, input) in options.sources.iter().zip(&inputs) {
                (Importer::of(source.format).list_items)(source, input, options, collector)?;
            }
        }
    }
    for (source, input) in options.sources.iter().zip(&inputs) {
        (Importer::of(source.format).read_rows)(source, input, options, collector)?;
    }
    Ok(())
}

/// Refuses options that a source's format has no use for.
fn check(source: &Source) -> Result<(), DataError> {
    if !Importer::of(source.format).is_text && (source.no_header || source.separator != FieldSeparator::Auto)
    {
        let text =
            format!("{} is no delimited text: it has no separator and no header line", source.format.name());
        return Err(DataError::new(Problem::Option(text), &source.path));
    }
    Ok(())
}

/// Opens the table of a log: with the separator that the source names, else the layout's; without a header where the
/// source says so.
fn table_of<'a>(text: Text<'a>, source: &Source, layout: Separator) -> Result<Table<'a>, DataError> {
    let separator = Separator::of(source.separator, layout);
    if source.no_header { Table::numbered(text, separator) } else { Table::open(text, separator, None) }
}

/// Reads an item-id map; rows without a target are left out of it.
pub(crate) fn read_item_ids(map: &ItemIdMap) -> Result<HashMap<String, String>, DataError> {
    Member::open(&map.path)?.read_text(Default::default(), |text| {
        let mut table = Table::open(text, Separator::Guess, None)?;
        let column = |name: &str| {
            let header: Vec<&str> = table.header().iter().map(String::as_str).collect();
            find_column(header.iter().copied(), Role::Item, Some(name), table.file())?
                .ok_or_else(|| missing(Role::Item, &header, table.file()))
        };
        let (from, to) = (column(&map.from)?, column(&map.to)?);
        let mut ids = HashMap::new();
        while table.advance()? {
            if !table.field(from).is_empty() && !table.field(to).is_empty() {
                ids.insert(untyped_id(table.field(from)).to_owned(), untyped_id(table.field(to)).to_owned());
            }
        }
        Ok(ids)
    })
}
