//! Reading columns of a Parquet file, ours or a stranger's, in bounded pieces and without trusting it.

use crate::{DataError, Problem};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The values of one column in one row group; `None` where a value is null.
#[derive(Debug)]
pub(crate) enum ColumnValues {
    /// Booleans and integers of up to 64 bits.
    Integers(Vec<Option<i64>>),
    /// Floating-point numbers.
    Numbers(Vec<Option<f64>>),
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Lists of texts, or of integers as texts; a null list is empty.
    TextLists(Vec<Vec<String>>),
}

/// The most rows or bytes one row group may claim: decoders allocate by these claims.
const GROUP_ROWS_LIMIT: i64 = 1 << 24;
const GROUP_BYTES_LIMIT: i64 = 1 << 31;

/// Rows decoded at a time.
const BLOCK: usize = 1 << 14;

/// Opens a Parquet file and checks the sizes that it claims.
pub(crate) fn open_table(path: &Path) -> Result<SerializedFileReader<File>, DataError> {
    let file = File::open(path).map_err(|error| DataError::new(error, path))?;
    let reader = guarded(path, || SerializedFileReader::new(file))?;
    for group in reader.metadata().row_groups() {
        let is_sane = (0..=GROUP_ROWS_LIMIT).contains(&group.num_rows())
            && group.columns().iter().all(|c| (0..=GROUP_BYTES_LIMIT).contains(&c.uncompressed_size()));
        if !is_sane {
            let what = format!("a row group of {} rows", group.num_rows());
            return Err(DataError::new(Problem::Damaged(what), path));
        }
    }
    Ok(reader)
}

/// Reads one leaf column of one row group.
pub(crate) fn read_column(
    path: &Path,
    group: &dyn RowGroupReader,
    column: usize,
) -> Result<ColumnValues, DataError> {
    let n_rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let levels = Levels::of(group, column);
    let values = guarded(path, || match group.get_column_reader(column)? {
        ColumnReader::BoolColumnReader(reader) => integers(reader, levels, n_rows, |&x| i64::from(x)),
        ColumnReader::Int32ColumnReader(reader) => integers(reader, levels, n_rows, |&x| i64::from(x)),
        ColumnReader::Int64ColumnReader(reader) => integers(reader, levels, n_rows, |&x| x),
        ColumnReader::FloatColumnReader(reader) => {
            flat(reader, levels, n_rows, |&x| Ok(f64::from(x))).map(ColumnValues::Numbers)
        }
        ColumnReader::DoubleColumnReader(reader) => {
            flat(reader, levels, n_rows, |&x| Ok(x)).map(ColumnValues::Numbers)
        }
        ColumnReader::ByteArrayColumnReader(reader) if levels.repetition == 0 => {
            flat(reader, levels, n_rows, text).map(ColumnValues::Texts)
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            lists(reader, levels, n_rows, text).map(ColumnValues::TextLists)
        }
        _ => {
            Err(ParquetError::General("a column of a type that is not read (96-bit or fixed length)".into()))
        }
    })?;
    let got = match &values {
        ColumnValues::Integers(v) => v.len(),
        ColumnValues::Numbers(v) => v.len(),
        ColumnValues::Texts(v) => v.len(),
        ColumnValues::TextLists(v) => v.len(),
    };
    if got != n_rows {
        let what = format!("a column of {got} values in a group of {n_rows} rows");
        return Err(DataError::new(Problem::Damaged(what), path));
    }
    Ok(values)
}

/// How deeply values of a column are optional and repeated.
#[derive(Clone, Copy)]
struct Levels {
    definition: i16,
    repetition: i16,
}

impl Levels {
    fn of(group: &dyn RowGroupReader, column: usize) -> Self {
        let column = group.metadata().schema_descr().column(column);
        Self { definition: column.max_def_level(), repetition: column.max_rep_level() }
    }
}

fn integers<T: DataType>(
    reader: ColumnReaderImpl<T>,
    levels: Levels,
    n_rows: usize,
    convert: impl Fn(&T::T) -> i64,
) -> parquet::errors::Result<ColumnValues> {
    if levels.repetition > 0 {
        return lists(reader, levels, n_rows, |value| Ok(convert(value).to_string()))
            .map(ColumnValues::TextLists);
    }
    flat(reader, levels, n_rows, |value| Ok(convert(value))).map(ColumnValues::Integers)
}

fn text(value: &ByteArray) -> parquet::errors::Result<String> {
    let bytes = value.data().to_vec();
    String::from_utf8(bytes).map_err(|_| ParquetError::General("a text that is not UTF-8".into()))
}

/// Decodes a column without lists, a bounded number of rows at a time.
fn flat<T: DataType, V>(
    mut reader: ColumnReaderImpl<T>,
    levels: Levels,
    n_rows: usize,
    convert: impl Fn(&T::T) -> parquet::errors::Result<V>,
) -> parquet::errors::Result<Vec<Option<V>>> {
    if levels.repetition > 0 {
        return Err(ParquetError::General("a list where single values are expected".into()));
    }
    let mut out = Vec::new();
    let (mut values, mut definitions) = (Vec::new(), Vec::new());
    while out.len() < n_rows {
        values.clear();
        definitions.clear();
        let (n, ..) = reader.read_records(BLOCK, Some(&mut definitions), None, &mut values)?;
        if n == 0 {
            break;
        }
        if levels.definition == 0 {
            for value in &values {
                out.push(Some(convert(value)?));
            }
            continue;
        }
        let mut present = values.iter();
        for &definition in &definitions {
            let value = if definition == levels.definition { present.next() } else { None };
            out.push(value.map(&convert).transpose()?);
        }
    }
    Ok(out)
}

/// Decodes a column of lists (one level of repetition).
fn lists<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    levels: Levels,
    n_rows: usize,
    convert: impl Fn(&T::T) -> parquet::errors::Result<String>,
) -> parquet::errors::Result<Vec<Vec<String>>> {
    if levels.repetition > 1 {
        return Err(ParquetError::General("a list of lists".into()));
    }
    let mut out: Vec<Vec<String>> = Vec::new();
    let (mut values, mut definitions, mut repetitions) = (Vec::new(), Vec::new(), Vec::new());
    while out.len() < n_rows {
        values.clear();
        definitions.clear();
        repetitions.clear();
        let (n, ..) =
            reader.read_records(BLOCK, Some(&mut definitions), Some(&mut repetitions), &mut values)?;
        if n == 0 {
            break;
        }
        let mut present = values.iter();
        for (&definition, &repetition) in definitions.iter().zip(&repetitions) {
            if repetition == 0 || out.is_empty() {
                out.push(Vec::new());
            }
            let value = if definition == levels.definition { present.next() } else { None };
            if let (Some(value), Some(list)) = (value, out.last_mut()) {
                list.push(convert(value)?);
            }
        }
    }
    Ok(out)
}

/// Runs the decoder. It is not ours and damaged files have made such decoders panic; a panic here means a
/// damaged file, and the reader it happened in is dropped.
pub(crate) fn guarded<T>(
    path: &Path,
    read: impl FnOnce() -> parquet::errors::Result<T>,
) -> Result<T, DataError> {
    let damaged = |what: String| DataError::new(Problem::Damaged(what), path);
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(_) => Err(damaged("the Parquet decoder gave up".into())),
    }
}
