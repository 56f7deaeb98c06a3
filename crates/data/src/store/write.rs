//! Writing the tables, column by column.

use crate::{DataError, Dataset};
use artefact::ArtefactError;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Rows of interactions in one row group: about 20 MB in memory while it is written.
pub(crate) const GROUP_ROWS: usize = 1 << 20;

const ITEM_COLUMNS: &str = "message items {
    required binary id (STRING); required binary title (STRING); required binary categories (STRING); }";
const USER_COLUMNS: &str = "message users { required binary id (STRING); }";
const INTERACTION_COLUMNS: &str = "message interactions {
    required int32 user (INTEGER(32,false)); required int32 item (INTEGER(32,false));
    required float rating; required int64 time; }";
const CHOSEN_COLUMNS: &str = "message interactions {
    required int32 user (INTEGER(32,false)); required int32 item (INTEGER(32,false));
    required float rating; required int64 time; optional float propensity; }";

type Group<'a> = SerializedRowGroupWriter<'a, File>;

/// Items in row order; the names of an item's categories stand in one field, joined by `|`, in which a `|` or
/// a backslash of a name is preceded by a backslash.
pub(super) fn items(dataset: &Dataset, path: &Path) -> Result<(), DataError> {
    let catalogue = &dataset.catalogue;
    write_table(path, ITEM_COLUMNS, |writer| {
        let mut group = writer.next_row_group()?;
        text_column(&mut group, catalogue.items().iter().map(|item| item.id.clone()))?;
        text_column(&mut group, catalogue.items().iter().map(|item| item.title.clone()))?;
        let names =
            |rows: &[u16]| joined(rows.iter().map(|&row| catalogue.categories()[row as usize].as_str()));
        text_column(&mut group, catalogue.items().iter().map(|item| names(&item.categories)))?;
        group.close().map(|_| ())
    })
}

pub(super) fn users(dataset: &Dataset, path: &Path) -> Result<(), DataError> {
    write_table(path, USER_COLUMNS, |writer| {
        let mut group = writer.next_row_group()?;
        text_column(&mut group, dataset.users.iter().cloned())?;
        group.close().map(|_| ())
    })
}

/// Interactions by user row, then time. Only a log that has propensities has a column for them.
pub(super) fn interactions(dataset: &Dataset, path: &Path) -> Result<(), DataError> {
    let mut rows =
        dataset.histories().flat_map(|(user, rows)| rows.iter().map(move |row| (user, *row))).peekable();
    let mut propensities = dataset.has_propensities().then(|| {
        let users = dataset.histories().map(|(user, _)| user);
        users.flat_map(move |user| dataset.propensities(user))
    });
    let columns = if propensities.is_some() { CHOSEN_COLUMNS } else { INTERACTION_COLUMNS };
    write_table(path, columns, |writer| {
        while rows.peek().is_some() {
            let block: Vec<_> = rows.by_ref().take(GROUP_ROWS).collect();
            let mut group = writer.next_row_group()?;
            let users: Vec<i32> = block.iter().map(|(user, _)| user.0 as i32).collect();
            column::<Int32Type>(&mut group, &users)?;
            let items: Vec<i32> = block.iter().map(|(_, row)| row.item.0 as i32).collect();
            column::<Int32Type>(&mut group, &items)?;
            let ratings: Vec<f32> = block.iter().map(|(_, row)| row.rating).collect();
            column::<FloatType>(&mut group, &ratings)?;
            let times: Vec<i64> = block.iter().map(|(_, row)| row.time).collect();
            column::<Int64Type>(&mut group, &times)?;
            if let Some(propensities) = &mut propensities {
                let values: Vec<Option<f32>> = propensities.by_ref().take(block.len()).collect();
                optional_column(&mut group, &values)?;
            }
            group.close()?;
        }
        Ok(())
    })
}

fn write_table(
    path: &Path,
    columns: &str,
    fill: impl FnOnce(&mut SerializedFileWriter<File>) -> parquet::errors::Result<()>,
) -> Result<(), DataError> {
    let fail = |error| ArtefactError::io("write", path)(disk_error(error));
    let schema = Arc::new(parse_message_type(columns).expect("the schemas above are well-formed"));
    let file = File::create(path).map_err(ArtefactError::io("write", path))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("ilrec".into())
        .build();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(fail)?;
    fill(&mut writer).map_err(fail)?;
    writer.close().map_err(fail)?;
    Ok(())
}

/// What the system said, where it was the system.
fn disk_error(error: ParquetError) -> std::io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<std::io::Error>() {
            Ok(own) => *own,
            Err(other) => std::io::Error::other(other),
        },
        other => std::io::Error::other(other),
    }
}

fn column<T: DataType>(group: &mut Group<'_>, values: &[T::T]) -> parquet::errors::Result<()> {
    let mut column = group.next_column()?.expect("one call per column of the schema");
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

fn optional_column(group: &mut Group<'_>, values: &[Option<f32>]) -> parquet::errors::Result<()> {
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<f32> = values.iter().copied().flatten().collect();
    let mut column = group.next_column()?.expect("one call per column of the schema");
    column.typed::<FloatType>().write_batch(&present, Some(&levels), None)?;
    column.close()
}

fn text_column(group: &mut Group<'_>, values: impl Iterator<Item = String>) -> parquet::errors::Result<()> {
    let values: Vec<ByteArray> = values.map(|text| ByteArray::from(text.into_bytes())).collect();
    column::<ByteArrayType>(group, &values)
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for (place, name) in names.enumerate() {
        if place > 0 {
            out.push('|');
        }
        for character in name.chars() {
            if matches!(character, '|' | '\\') {
                out.push('\\');
            }
            out.push(character);
        }
    }
    out
}
