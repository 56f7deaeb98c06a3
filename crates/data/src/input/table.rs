//! Delimited text as a stream of rows that know their line.

use super::quotes::Watched;
use super::separator::{declared, split_blanks};
use super::text::{RecordMark, reading_error};
use super::{Separator, Text, plain_name};
use crate::{DataError, Problem};
use std::io::BufRead as _;
use std::path::{Path, PathBuf};

/// A delimited text with a header.
pub(crate) struct Table<'a> {
    rows: Rows<'a>,
    header: Vec<String>,
    file: PathBuf,
    row: Row,
    mark: RecordMark,
    /// Lines before those that `rows` counts.
    n_skipped: u64,
    /// Whether the current row is one that nobody has advanced to yet.
    is_ahead: bool,
}

/// One row and the line it starts on, counted from one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    record: csv::StringRecord,
    line: u64,
}

enum Rows<'a> {
    Csv(Box<csv::Reader<Text<'a>>>),
    Quoted(Box<csv::Reader<Watched<'a>>>),
    /// Lines that are split at two colons, or at blanks.
    Lines(Text<'a>, String, Separator),
}

impl<'a> Table<'a> {
    /// Reads the header, or takes `header` for a text that has none.
    pub(crate) fn open(
        text: Text<'a>,
        separator: Separator,
        header: Option<&[&str]>,
    ) -> Result<Self, DataError> {
        let mut table = Self::without_header(text, separator)?;
        match header {
            Some(names) => table.header = names.iter().map(|name| (*name).to_owned()).collect(),
            None => {
                if !table.advance()? {
                    return Err(DataError::new(Problem::Empty, &table.file));
                }
                table.header = table.row.record.iter().map(|name| name.trim().to_owned()).collect();
            }
        }
        Ok(table)
    }

    /// Takes a text without header: its columns are called 1, 2, 3 and so on.
    pub(crate) fn numbered(text: Text<'a>, separator: Separator) -> Result<Self, DataError> {
        let mut table = Self::without_header(text, separator)?;
        if !table.advance()? {
            return Err(DataError::new(Problem::Empty, &table.file));
        }
        table.is_ahead = true;
        table.header = (1..=table.n_fields()).map(|number| number.to_string()).collect();
        Ok(table)
    }

    fn without_header(mut text: Text<'a>, separator: Separator) -> Result<Self, DataError> {
        let (file, mark) = (text.file().to_owned(), text.record_mark());
        let failed = |error| reading_error(error, &file);
        let declared = declared(text.fill_buf().map_err(failed)?);
        if declared.is_some() {
            text.read_line(&mut String::new()).map_err(failed)?;
        }
        let is_guess = matches!(separator, Separator::Guess | Separator::TabOrGuess);
        let separator = match declared {
            Some(declared) if is_guess => declared,
            _ => separator.settled(text.fill_buf().map_err(failed)?),
        };
        let rows = match separator {
            Separator::Byte(byte) => Rows::Csv(csv_reader(text, byte, false)),
            Separator::Quoted(byte) => {
                let first_line = 1 + u64::from(declared.is_some());
                Rows::Quoted(csv_reader(Watched::new(text, byte, first_line), byte, true))
            }
            Separator::Guess | Separator::TabOrGuess | Separator::Colons | Separator::Blank => {
                Rows::Lines(text, String::new(), separator)
            }
        };
        let n_skipped = u64::from(declared.is_some());
        let row = Row::default();
        Ok(Self { rows, header: Vec::new(), file, row, mark, n_skipped, is_ahead: false })
    }

    /// The names of the columns.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// The column that has a name, read loosely (case, blanks and underscores do not count).
    pub(crate) fn column_named(&self, name: &str) -> Option<usize> {
        let wanted = plain_name(name);
        self.header.iter().position(|column| plain_name(column) == wanted)
    }

    /// The file's path for messages.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Goes to the next row and says whether there is one. Empty lines are no rows.
    pub(crate) fn advance(&mut self) -> Result<bool, DataError> {
        if std::mem::take(&mut self.is_ahead) {
            return Ok(true);
        }
        let Row { record, line: number } = &mut self.row;
        let more = match &mut self.rows {
            Rows::Csv(reader) => next_record(reader, record, number, self.n_skipped, &self.file)?,
            Rows::Quoted(reader) => next_record(reader, record, number, self.n_skipped, &self.file)?,
            Rows::Lines(text, line, separator) => loop {
                line.clear();
                let n = text.read_line(line).map_err(|error| reading_error(error, &self.file))?;
                *number = (*number).max(self.n_skipped) + 1;
                let content = line.trim_end_matches(['\n', '\r']);
                if n > 0 && content.is_empty() {
                    continue;
                }
                record.clear();
                match separator {
                    Separator::Blank => split_blanks(content, |field| record.push_field(field)),
                    _ => content.split("::").for_each(|field| record.push_field(field)),
                }
                break n > 0;
            },
        };
        self.mark.set();
        Ok(more)
    }

    /// The current row.
    pub(crate) fn row(&self) -> &Row {
        &self.row
    }

    /// Hands out the current row for another one, whose memory the next is read into.
    pub(crate) fn exchange(&mut self, other: &mut Row) {
        other.line = self.row.line;
        std::mem::swap(&mut self.row.record, &mut other.record);
    }

    /// The line the current row starts on, counted from one.
    pub(crate) fn line(&self) -> u64 {
        self.row.line
    }

    /// One field of the current row, without blanks around it; empty where the row is too short.
    pub(crate) fn field(&self, column: usize) -> &str {
        self.row.field(column)
    }

    /// How many fields the current row has.
    pub(crate) fn n_fields(&self) -> usize {
        self.row.n_fields()
    }

    /// An error on the current row.
    pub(crate) fn error(&self, problem: Problem) -> DataError {
        DataError::new(problem, &self.file).at_line(self.row.line)
    }
}

impl Row {
    /// The line it starts on, counted from one.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// One field, without blanks around it; empty where the row is too short.
    pub(crate) fn field(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or("").trim()
    }

    /// How many bytes its fields have.
    pub(crate) fn n_bytes(&self) -> usize {
        self.record.as_slice().len()
    }

    /// How many fields.
    pub(crate) fn n_fields(&self) -> usize {
        self.record.len()
    }
}

fn csv_reader<R: std::io::Read>(text: R, separator: u8, is_quoted: bool) -> Box<csv::Reader<R>> {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(separator).has_headers(false).flexible(true).quoting(is_quoted);
    Box::new(builder.from_reader(text))
}

/// Reads the next record and the line it starts on, behind the lines that were skipped.
fn next_record<R: std::io::Read>(
    reader: &mut csv::Reader<R>,
    record: &mut csv::StringRecord,
    line: &mut u64,
    n_skipped: u64,
    file: &Path,
) -> Result<bool, DataError> {
    let more = reader.read_record(record).map_err(|error| csv_error(error, file))?;
    *line = record.position().map_or(*line + 1, |place| place.line() + n_skipped);
    Ok(more)
}

fn csv_error(error: csv::Error, file: &Path) -> DataError {
    let text = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => reading_error(error, file),
        _ => DataError::new(Problem::Damaged(text), file),
    }
}
