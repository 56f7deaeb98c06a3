//! Reading columns of a Parquet file, ours or a stranger's, in bounded pieces and without trusting it.

use super::meaning::{Meaning, compression, decimal_text, uuid_text};
use super::pages::{self, Limits, Refused};
use crate::input::expanded_limit;
use crate::{DataError, Problem};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{DataType, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The values of one column in some rows; `None` where a value is null.
#[derive(Debug)]
pub(crate) enum ColumnValues {
    /// Booleans and integers of up to 64 bits.
    Integers(Vec<Option<i64>>),
    /// Floating-point numbers.
    Numbers(Vec<Option<f64>>),
    /// Points in time, in unix seconds.
    Times(Vec<Option<i64>>),
    /// Texts, and decimals, which are exact as texts.
    Texts(Vec<Option<String>>),
    /// Lists of any of these as texts; a null list is empty, and lists in lists are one list.
    TextLists(Vec<Vec<String>>),
}

/// The most rows or bytes one row group may claim: decoders allocate by these claims.
const GROUP_ROWS_LIMIT: i64 = 1 << 24;
const GROUP_BYTES_LIMIT: i64 = 1 << 31;

/// Rows decoded at a time.
pub(crate) const BLOCK: usize = 1 << 14;

/// How long a text is before its bytes count towards what a file may unpack to. Short ones are often repeated, in
/// columns that take next to no room; long ones are not.
const SHORT_TEXT: usize = 1 << 10;

/// A Parquet file whose claims were checked.
pub(crate) struct ParquetTable {
    reader: SerializedFileReader<File>,
    /// The same file, for a look at its pages.
    file: File,
    limits: Limits,
    path: PathBuf,
    /// Bytes of long texts that may yet be decoded: a dictionary can hold one long text for millions of rows.
    budget: Rc<Budget>,
}

struct Budget {
    left: Cell<u64>,
    limit: u64,
}

impl ParquetTable {
    /// Opens a file and checks the sizes that it claims. `shown` is its name in errors.
    pub(crate) fn open(path: &Path, shown: &Path) -> Result<Self, DataError> {
        let fail = |error: std::io::Error| DataError::new(error, shown);
        let file = File::open(path).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        let again = File::open(path).map_err(fail)?;
        let reader = guarded(shown, || SerializedFileReader::new(again))?;
        let mut n_rows = 0u64;
        for group in reader.metadata().row_groups() {
            let is_sane = (0..=GROUP_ROWS_LIMIT).contains(&group.num_rows())
                && group.columns().iter().all(|c| (0..=GROUP_BYTES_LIMIT).contains(&c.uncompressed_size()));
            if !is_sane {
                let what = format!("a row group of {} rows", group.num_rows());
                return Err(DataError::new(Problem::Damaged(what), shown));
            }
            n_rows += group.num_rows() as u64;
        }
        let limit = expanded_limit(size);
        if n_rows > rows_limit(size) {
            return Err(DataError::new(Problem::Expands { limit }, shown));
        }
        let limits = Limits { page_bytes: limit, values: rows_limit(size) };
        let budget = Rc::new(Budget { left: Cell::new(limit), limit });
        Ok(Self { reader, file, limits, path: shown.to_owned(), budget })
    }

    /// How many leaf columns.
    pub(crate) fn n_columns(&self) -> usize {
        self.schema().num_columns()
    }

    /// The columns.
    pub(crate) fn schema(&self) -> &parquet::schema::types::SchemaDescriptor {
        self.reader.metadata().file_metadata().schema_descr()
    }

    /// How many row groups.
    pub(crate) fn n_groups(&self) -> usize {
        self.reader.num_row_groups()
    }

    /// How many rows one group has.
    pub(crate) fn n_rows(&self, group: usize) -> usize {
        usize::try_from(self.reader.metadata().row_group(group).num_rows()).unwrap_or(0)
    }

    /// The file's name in errors.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// One leaf column of one row group, to be read block by block.
    ///
    /// # Errors
    /// When its type or compression is not read.
    pub(crate) fn column(&self, group: usize, column: usize) -> Result<Column, DataError> {
        let descriptor = self.schema().column(column);
        let unread = |what: String, hint| DataError::new(Problem::NotRead { what, hint }, &self.path);
        let name = descriptor.path().string();
        let meaning = Meaning::of(&descriptor)
            .map_err(|what| unread(format!("a column of type {what}"), CAST).in_field(&name))?;
        compression(self.reader.metadata().row_group(group).column(column).compression())
            .map_err(|what| unread(format!("compression {what}"), RECOMPRESS))?;
        let chunk = self.reader.metadata().row_group(group).column(column);
        pages::check(&self.file, chunk, self.limits).map_err(|refused| {
            let problem = match refused {
                Refused::TooMuch => Problem::Expands { limit: self.budget.limit },
                Refused::Unreadable(error) => Problem::Damaged(format!("a page header: {error}")),
            };
            DataError::new(problem, &self.path)
        })?;
        let reader = guarded(&self.path, || {
            let group: Box<dyn RowGroupReader + '_> = self.reader.get_row_group(group)?;
            group.get_column_reader(column)
        })?;
        let levels =
            Levels { definition: descriptor.max_def_level(), repetition: descriptor.max_rep_level() };
        Ok(Column { reader, levels, meaning, budget: self.budget.clone(), path: self.path.clone() })
    }

    /// The whole of one leaf column of one row group.
    pub(crate) fn whole_column(&self, group: usize, column: usize) -> Result<ColumnValues, DataError> {
        let n_rows = self.n_rows(group);
        let mut column = self.column(group, column)?;
        let mut values = column.next(n_rows.min(BLOCK))?;
        let mut n = n_rows.min(BLOCK);
        while n < n_rows {
            let more = (n_rows - n).min(BLOCK);
            values.append(column.next(more)?);
            n += more;
        }
        Ok(values)
    }
}

const CAST: &str =
    "cast the column to text, integers, floating-point numbers or timestamps, and write the file again";
const RECOMPRESS: &str = "write the file with snappy or zstd";

/// How many rows a file of `size` bytes may have: an interaction takes some bits at least.
fn rows_limit(size: u64) -> u64 {
    (4 << 20) + size.saturating_mul(16)
}

/// One leaf column of one row group.
pub(crate) struct Column {
    reader: ColumnReader,
    levels: Levels,
    meaning: Meaning,
    budget: Rc<Budget>,
    path: PathBuf,
}

impl Column {
    /// The next `n_rows` values.
    ///
    /// # Errors
    /// When there are not as many, or they cannot be decoded.
    pub(crate) fn next(&mut self, n_rows: usize) -> Result<ColumnValues, DataError> {
        let Self { reader, levels, meaning, budget, .. } = self;
        let budget: &Budget = budget;
        let values = guarded(&self.path, || decoded(reader, *levels, *meaning, budget, n_rows));
        if budget.left.get() == 0 {
            return Err(DataError::new(Problem::Expands { limit: budget.limit }, &self.path));
        }
        let values = values?;
        let got = values.len();
        if got != n_rows {
            let what = format!("a column ends after {got} of {n_rows} rows");
            return Err(DataError::new(Problem::Damaged(what), &self.path));
        }
        Ok(values)
    }
}

impl ColumnValues {
    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Integers(values) | Self::Times(values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Texts(values) => values.len(),
            Self::TextLists(values) => values.len(),
        }
    }

    /// Appends a later block of the same column. Unsigned numbers beyond 63 bits are texts; so are then all.
    fn append(&mut self, more: Self) {
        match (&mut *self, more) {
            (Self::Integers(values), Self::Integers(more)) | (Self::Times(values), Self::Times(more)) => {
                values.extend(more);
            }
            (Self::Numbers(values), Self::Numbers(more)) => values.extend(more),
            (Self::Texts(values), Self::Texts(more)) => values.extend(more),
            (Self::Texts(values), Self::Integers(more)) => values.extend(more.into_iter().map(as_text)),
            (Self::TextLists(values), Self::TextLists(more)) => values.extend(more),
            (Self::Integers(values), Self::Texts(more)) => {
                let texts = values.drain(..).map(as_text).chain(more).collect();
                *self = Self::Texts(texts);
            }
            _ => unreachable!("blocks of one column have one type"),
        }
    }
}

fn as_text(value: Option<i64>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// How deeply values of a column are optional and repeated.
#[derive(Clone, Copy)]
struct Levels {
    definition: i16,
    repetition: i16,
}

type Decoded<T> = parquet::errors::Result<T>;

fn decoded(
    reader: &mut ColumnReader,
    levels: Levels,
    meaning: Meaning,
    budget: &Budget,
    n: usize,
) -> Decoded<ColumnValues> {
    let decimal = |bytes: &[u8], scale| {
        decimal_text(bytes, scale)
            .ok_or_else(|| ParquetError::General("a decimal of more than 128 bits".into()))
    };
    match (reader, meaning) {
        (ColumnReader::BoolColumnReader(r), _) => rows(r, levels, n, |&x| Ok(i64::from(x))).map(integers),
        (ColumnReader::Int32ColumnReader(r), Meaning::Unsigned) => {
            rows(r, levels, n, |&x| Ok(i64::from(x as u32))).map(integers)
        }
        (ColumnReader::Int32ColumnReader(r), Meaning::Decimal { scale }) => {
            rows(r, levels, n, |x| decimal(&x.to_be_bytes(), scale)).map(texts)
        }
        (ColumnReader::Int32ColumnReader(r), Meaning::Date) => {
            rows(r, levels, n, |&x| Ok(i64::from(x) * 86_400)).map(times)
        }
        (ColumnReader::Int32ColumnReader(r), _) => rows(r, levels, n, |&x| Ok(i64::from(x))).map(integers),
        (ColumnReader::Int64ColumnReader(r), Meaning::Unsigned) => {
            rows(r, levels, n, |&x| Ok(x)).map(unsigned)
        }
        (ColumnReader::Int64ColumnReader(r), Meaning::Decimal { scale }) => {
            rows(r, levels, n, |x| decimal(&x.to_be_bytes(), scale)).map(texts)
        }
        (ColumnReader::Int64ColumnReader(r), Meaning::Timestamp { per_second }) => {
            rows(r, levels, n, |x| Ok(x.div_euclid(per_second))).map(times)
        }
        (ColumnReader::Int64ColumnReader(r), _) => rows(r, levels, n, |&x| Ok(x)).map(integers),
        (ColumnReader::Int96ColumnReader(r), _) => rows(r, levels, n, |x| Ok(seconds_of(x))).map(times),
        (ColumnReader::FloatColumnReader(r), _) => rows(r, levels, n, |&x| Ok(f64::from(x))).map(numbers),
        (ColumnReader::DoubleColumnReader(r), _) => rows(r, levels, n, |&x| Ok(x)).map(numbers),
        (ColumnReader::ByteArrayColumnReader(r), Meaning::Decimal { scale }) => {
            rows(r, levels, n, |x| decimal(x.data(), scale)).map(texts)
        }
        (ColumnReader::ByteArrayColumnReader(r), _) => {
            rows(r, levels, n, |x| text(x.data(), budget)).map(texts)
        }
        (ColumnReader::FixedLenByteArrayColumnReader(r), Meaning::Decimal { scale }) => {
            rows(r, levels, n, |x| decimal(x.data(), scale)).map(texts)
        }
        (ColumnReader::FixedLenByteArrayColumnReader(r), Meaning::Half) => {
            rows(r, levels, n, |x| Ok(half_of(x.data()))).map(numbers)
        }
        (ColumnReader::FixedLenByteArrayColumnReader(r), Meaning::Uuid) => {
            rows(r, levels, n, |x| Ok(uuid_text(x.data()))).map(texts)
        }
        (ColumnReader::FixedLenByteArrayColumnReader(r), _) => {
            rows(r, levels, n, |x| text(x.data(), budget)).map(texts)
        }
    }
}

/// Julian day and nanoseconds of the day, as old Spark and Impala write times.
fn seconds_of(time: &Int96) -> i64 {
    let [low, high, day] = [0, 1, 2].map(|word| time.data()[word]);
    let nanoseconds = (u64::from(high) << 32) | u64::from(low);
    (i64::from(day) - 2_440_588) * 86_400 + (nanoseconds / 1_000_000_000) as i64
}

fn half_of(bytes: &[u8]) -> f64 {
    let bits = u16::from_le_bytes([bytes.first().copied().unwrap_or(0), bytes.get(1).copied().unwrap_or(0)]);
    half::f16::from_bits(bits).to_f64()
}

fn text(bytes: &[u8], budget: &Budget) -> Decoded<String> {
    let n_long = bytes.len().saturating_sub(SHORT_TEXT) as u64;
    budget.left.set(budget.left.get().saturating_sub(n_long));
    if budget.left.get() == 0 {
        return Err(ParquetError::General("more text than a file of this size has".into()));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|_| ParquetError::General("a text that is not UTF-8".into()))?;
    Ok(text.to_owned())
}

/// Values of some rows: one or none in each, or a list in each.
enum Rows<V> {
    Single(Vec<Option<V>>),
    Lists(Vec<Vec<V>>),
}

impl<V> Rows<V> {
    /// Lists become texts; single values become what `make` makes of them.
    fn or_texts(self, make: fn(Vec<Option<V>>) -> ColumnValues, text: impl Fn(V) -> String) -> ColumnValues {
        match self {
            Self::Single(values) => make(values),
            Self::Lists(lists) => {
                let texts = lists.into_iter().map(|list| list.into_iter().map(&text).collect());
                ColumnValues::TextLists(texts.collect())
            }
        }
    }
}

fn integers(rows: Rows<i64>) -> ColumnValues {
    rows.or_texts(ColumnValues::Integers, |value| value.to_string())
}

/// Numbers of 64 bits without sign: as texts where they need the last bit.
fn unsigned(rows: Rows<i64>) -> ColumnValues {
    let text = |value: i64| (value as u64).to_string();
    match rows {
        Rows::Single(values) if values.iter().flatten().any(|&value| value < 0) => {
            ColumnValues::Texts(values.into_iter().map(|value| value.map(text)).collect())
        }
        rows => rows.or_texts(ColumnValues::Integers, text),
    }
}

fn numbers(rows: Rows<f64>) -> ColumnValues {
    rows.or_texts(ColumnValues::Numbers, |value| value.to_string())
}

fn times(rows: Rows<i64>) -> ColumnValues {
    rows.or_texts(ColumnValues::Times, crate::input::iso_text)
}

fn texts(rows: Rows<String>) -> ColumnValues {
    rows.or_texts(ColumnValues::Texts, |value| value)
}

/// Decodes the next `n_rows` rows.
fn rows<T: DataType, V>(
    reader: &mut ColumnReaderImpl<T>,
    levels: Levels,
    n_rows: usize,
    convert: impl Fn(&T::T) -> Decoded<V>,
) -> Decoded<Rows<V>> {
    let (mut single, mut lists) = (Vec::new(), Vec::new());
    let (mut values, mut definitions, mut repetitions) = (Vec::new(), Vec::new(), Vec::new());
    let mut n_read = 0;
    while n_read < n_rows {
        values.clear();
        definitions.clear();
        repetitions.clear();
        let wanted = (n_rows - n_read).min(BLOCK);
        let (n, ..) =
            reader.read_records(wanted, Some(&mut definitions), Some(&mut repetitions), &mut values)?;
        if n == 0 {
            break;
        }
        n_read += n;
        let mut present = values.iter();
        if levels.definition == 0 && levels.repetition == 0 {
            for value in present {
                single.push(Some(convert(value)?));
            }
            continue;
        }
        for (place, &definition) in definitions.iter().enumerate() {
            let value = if definition == levels.definition { present.next() } else { None };
            let value = value.map(&convert).transpose()?;
            if levels.repetition == 0 {
                single.push(value);
                continue;
            }
            if repetitions.get(place) == Some(&0) || lists.is_empty() {
                lists.push(Vec::new());
            }
            if let (Some(value), Some(list)) = (value, lists.last_mut()) {
                list.push(value);
            }
        }
    }
    Ok(if levels.repetition == 0 { Rows::Single(single) } else { Rows::Lists(lists) })
}

/// Runs the decoder. It is not ours and damaged files have made such decoders panic; a panic here means a
/// damaged file, and the reader it happened in is dropped.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Decoded<T>) -> Result<T, DataError> {
    let fail = |problem: Problem| DataError::new(problem, path);
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(ParquetError::NYI(what))) => {
            Err(fail(Problem::NotRead { what, hint: "write the file again with the usual settings" }))
        }
        Ok(Err(error)) if error.to_string().contains("encrypt") => {
            let what = "an encrypted Parquet table".into();
            Err(fail(Problem::NotRead { what, hint: "write it without encryption" }))
        }
        Ok(Err(error)) => Err(fail(Problem::Damaged(error.to_string()))),
        Err(_) => Err(fail(Problem::Damaged("the Parquet decoder gave up".into()))),
    }
}
