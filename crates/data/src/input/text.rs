//! Text as it streams by: valid UTF-8 without NUL bytes, with the byte offset and line of whatever is not.

use crate::{DataError, Problem};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::str::FromStr;

/// The encoding of text files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-1252, which contains Latin-1.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl FromStr for Encoding {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        match text {
            "utf-8" => Ok(Self::Utf8),
            "windows-1252" => Ok(Self::Windows1252),
            _ => Err(Problem::Option(format!("no encoding `{text}`: utf-8, windows-1252"))),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "utf-8",
            Self::Windows1252 => "windows-1252",
        })
    }
}

/// The most bytes one record may have. A sequence of a million items fits.
const RECORD_LIMIT: u64 = 16 << 20;

/// The most bytes a JSON document may have.
const DOCUMENT_LIMIT: u64 = 1 << 28;
const BLOCK: usize = 1 << 16;

/// A checked stream of text.
pub(crate) struct Text<'a> {
    inner: Box<dyn Read + 'a>,
    encoding: Encoding,
    file: PathBuf,
    /// Bytes read; those in `start..valid` may be handed out, those in `valid..` are an unfinished character.
    buffer: Vec<u8>,
    start: usize,
    valid: usize,
    /// Position in the file of the first byte of `buffer`, and line breaks before `valid`.
    offset: u64,
    n_breaks: u64,
    since_record: Rc<Cell<u64>>,
    record_limit: u64,
}

/// Resets the count of bytes since the last record, so that no single record can fill the memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordMark(Rc<Cell<u64>>);

impl RecordMark {
    /// A record was read whole.
    pub(crate) fn set(&self) {
        self.0.set(0);
    }
}

impl<'a> Text<'a> {
    pub(super) fn new(inner: Box<dyn Read + 'a>, encoding: Encoding, file: &Path) -> Self {
        Self {
            inner,
            encoding,
            file: file.to_owned(),
            buffer: Vec::new(),
            start: 0,
            valid: 0,
            offset: 0,
            n_breaks: 0,
            since_record: Rc::default(),
            record_limit: RECORD_LIMIT,
        }
    }

    /// The file's path for messages.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The mark to set after each record; without it, the whole text is one record.
    pub(crate) fn record_mark(&self) -> RecordMark {
        RecordMark(self.since_record.clone())
    }

    /// Takes the whole text as one record, with a limit to match: for JSON documents.
    pub(crate) fn into_document(mut self) -> Self {
        self.record_limit = DOCUMENT_LIMIT;
        self
    }

    fn refill(&mut self) -> io::Result<()> {
        self.offset += self.valid as u64;
        self.buffer.drain(..self.valid);
        (self.start, self.valid) = (0, 0);
        let kept = self.buffer.len();
        self.buffer.resize(kept + BLOCK, 0);
        let n = loop {
            match self.inner.read(&mut self.buffer[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(kept + *n.as_ref().unwrap_or(&0));
        let n = n?;
        if self.encoding == Encoding::Windows1252 {
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&self.buffer);
            self.buffer = text.into_owned().into_bytes();
        }
        if self.offset == 0 && self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.buffer.drain(..3);
            self.offset = 3;
        }
        self.check(n == 0)?;
        self.since_record.set(self.since_record.get() + n as u64);
        if self.since_record.get() > self.record_limit {
            return Err(self.fault(Problem::RecordTooLong { limit: self.record_limit }, 0));
        }
        Ok(())
    }

    /// Finds how much of the buffer is valid text.
    fn check(&mut self, is_end: bool) -> io::Result<()> {
        self.valid = match std::str::from_utf8(&self.buffer) {
            Ok(_) => self.buffer.len(),
            Err(error) if error.error_len().is_none() && !is_end => error.valid_up_to(),
            Err(error) => {
                let at = error.valid_up_to();
                let nul = self.buffer[..at].iter().position(|&byte| byte == 0);
                return Err(self.wrong_byte(nul.unwrap_or(at)));
            }
        };
        match self.buffer[..self.valid].iter().position(|&byte| byte == 0) {
            Some(at) => Err(self.wrong_byte(at)),
            None => {
                self.n_breaks += breaks(&self.buffer[..self.valid]);
                Ok(())
            }
        }
    }

    fn wrong_byte(&self, at: usize) -> io::Error {
        let offset = self.offset + at as u64;
        let is_nul = self.buffer[at] == 0;
        self.fault(if is_nul { Problem::NulByte { offset } } else { Problem::NotUtf8 { offset } }, at)
    }

    fn fault(&self, problem: Problem, at: usize) -> io::Error {
        let line = 1 + self.n_breaks + breaks(&self.buffer[..at]);
        fault(line, problem)
    }
}

fn breaks(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

impl BufRead for Text<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.start == self.valid {
            let before = self.buffer.len() - self.valid;
            self.refill()?;
            if self.buffer.len() <= before {
                break;
            }
        }
        Ok(&self.buffer[self.start..self.valid])
    }

    fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.valid);
    }
}

impl Read for Text<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let n = ready.len().min(out.len());
        out[..n].copy_from_slice(&ready[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// A problem on its way through code that only knows `io::Error`.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
struct Fault {
    line: u64,
    problem: Problem,
}

/// A problem on a line, for code that only knows `io::Error`.
pub(super) fn fault(line: u64, problem: Problem) -> io::Error {
    io::Error::other(Fault { line, problem })
}

/// Whether an error says that a record is too long.
pub(super) fn is_too_long(error: &io::Error) -> bool {
    let fault = error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>());
    fault.is_some_and(|fault| matches!(fault.problem, Problem::RecordTooLong { .. }))
}

/// Turns what a reader said into what it means.
pub(crate) fn reading_error(error: io::Error, file: &Path) -> DataError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => DataError::new(Problem::Truncated, file),
        io::ErrorKind::OutOfMemory => {
            let hint = "unpack the file yourself";
            DataError::new(Problem::NotRead { what: format!("packed data ({error})"), hint }, file)
        }
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => {
            DataError::new(Problem::Damaged(error.to_string()), file)
        }
        _ => match error.downcast::<Fault>() {
            Ok(fault) => DataError::new(fault.problem, file).at_line(fault.line),
            Err(error) => match error.downcast::<Problem>() {
                Ok(problem) => DataError::new(problem, file),
                Err(error) => DataError::new(error, file),
            },
        },
    }
}
