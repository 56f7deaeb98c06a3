//! Reading logs of many layouts into one dataset.

mod ahead;
mod billp;
mod items;
mod jsonl;
mod log;
mod matrix;
mod movielens;
mod options;
mod parquet;
mod recbole;
mod sequences;

pub use options::{BadRows, Format, ImportOptions, ItemIdMap, Selection, Source};

use crate::collect::Collector;
use crate::input::{Input, Member, Role, Separator, Table, find_column};
use crate::{DataError, Dataset, ImportReport, Problem};
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
    let Some(first) = options.sources.first() else {
        return Err(DataError::new(Problem::Option("no input".into()), Path::new("import")));
    };
    let mut collector = Collector::new(options);
    let inputs: Vec<Input> =
        options.sources.iter().map(|source| Input::open(&source.path)).collect::<Result<_, _>>()?;
    match &options.items {
        Some(path) => items::read(&Member::file(path), &first.columns, options.encoding, &mut collector)?,
        None => {
            for (source, input) in options.sources.iter().zip(&inputs) {
                list_own_items(source, input, options, &mut collector)?;
            }
        }
    }
    for (source, input) in options.sources.iter().zip(&inputs) {
        read_rows(source, input, options, &mut collector)?;
    }
    collector.finish(&first.path)
}

/// Lists the items that a source's own layout brings along.
fn list_own_items(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    match source.format {
        Format::Movielens => movielens::list_items(source, input, options, collector),
        Format::Recbole => recbole::list_items(source, input, options, collector),
        Format::Billp => billp::list_items(source, input, options, collector),
        Format::Csv | Format::Jsonl | Format::Parquet | Format::Sequences | Format::Matrix => Ok(()),
    }
}

fn read_rows(
    source: &Source,
    input: &Input,
    options: &ImportOptions,
    collector: &mut Collector,
) -> Result<(), DataError> {
    match source.format {
        Format::Movielens => movielens::read_rows(source, input, options, collector),
        Format::Recbole => recbole::read_rows(source, input, options, collector),
        Format::Csv => log::read_file(source, input, options, collector),
        Format::Jsonl => jsonl::read_rows(source, input, options, collector),
        Format::Parquet => parquet::read_rows(source, input, collector),
        Format::Sequences => sequences::read_rows(source, input, options, collector),
        Format::Matrix => matrix::read_rows(source, input, options, collector),
        Format::Billp => billp::read_rows(source, input, options, collector),
    }
}

/// Reads an item-id map; rows without a target are left out of it.
pub(crate) fn read_item_ids(map: &ItemIdMap) -> Result<HashMap<String, String>, DataError> {
    Member::file(&map.path).read_text(Default::default(), |text| {
        let mut table = Table::open(text, Separator::Guess, None)?;
        let column = |name: &str| {
            find_column(table.header().iter().map(String::as_str), Role::Item, Some(name), table.file())
                .map(|found| found.expect("a named column is found or an error"))
        };
        let (from, to) = (column(&map.from)?, column(&map.to)?);
        let mut ids = HashMap::new();
        while table.advance()? {
            if !table.field(from).is_empty() && !table.field(to).is_empty() {
                ids.insert(table.field(from).to_owned(), table.field(to).to_owned());
            }
        }
        Ok(ids)
    })
}
