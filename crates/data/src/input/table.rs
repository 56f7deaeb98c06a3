//! Delimited text as a stream of rows that know their line.

use super::text::{RecordMark, reading_error};
use super::{Text, plain_name};
use crate::{DataError, Problem};
use std::io::BufRead as _;
use std::path::{Path, PathBuf};

/// What stands between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    /// Comma, tab or semicolon, whichever the header has (in the order tab, semicolon, comma), quoted as in
    /// RFC 4180.
    Guess,
    /// One byte, never quoted.
    Byte(u8),
    /// Two colons, never quoted.
    Colons,
}

/// A delimited text with a header.
pub(crate) struct Table<'a> {
    rows: Rows<'a>,
    header: Vec<String>,
    file: PathBuf,
    row: Row,
    mark: RecordMark,
}

/// One row and the line it starts on, counted from one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    record: csv::StringRecord,
    line: u64,
}

enum Rows<'a> {
    Csv(Box<csv::Reader<Text<'a>>>),
    Colons(Text<'a>, String),
}

impl<'a> Table<'a> {
    /// Reads the header, or takes `header` for a text that has none.
    pub(crate) fn open(
        mut text: Text<'a>,
        separator: Separator,
        header: Option<&[&str]>,
    ) -> Result<Self, DataError> {
        let file = text.file().to_owned();
        let mark = text.record_mark();
        let delimiter = match separator {
            Separator::Byte(byte) => byte,
            Separator::Guess => guess(text.fill_buf().map_err(|error| reading_error(error, &file))?),
            Separator::Colons => 0,
        };
        let rows = if separator == Separator::Colons {
            Rows::Colons(text, String::new())
        } else {
            let mut builder = csv::ReaderBuilder::new();
            builder.delimiter(delimiter).has_headers(false).flexible(true);
            builder.quoting(separator == Separator::Guess);
            Rows::Csv(Box::new(builder.from_reader(text)))
        };
        let mut table = Self { rows, header: Vec::new(), file, row: Row::default(), mark };
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
        let Row { record, line: number } = &mut self.row;
        let more = match &mut self.rows {
            Rows::Csv(reader) => {
                let more = reader.read_record(record).map_err(|error| csv_error(error, &self.file))?;
                *number = record.position().map_or(*number + 1, csv::Position::line);
                more
            }
            Rows::Colons(text, line) => loop {
                line.clear();
                let n = text.read_line(line).map_err(|error| reading_error(error, &self.file))?;
                *number += 1;
                let content = line.trim_end_matches(['\n', '\r']);
                if n > 0 && content.is_empty() {
                    continue;
                }
                record.clear();
                content.split("::").for_each(|field| record.push_field(field));
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

fn guess(head: &[u8]) -> u8 {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or(head);
    [b'\t', b';'].into_iter().find(|byte| line.contains(byte) && !line.contains(&b',')).unwrap_or(b',')
}

fn csv_error(error: csv::Error, file: &Path) -> DataError {
    let text = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => reading_error(error, file),
        _ => DataError::new(Problem::Damaged(text), file),
    }
}
