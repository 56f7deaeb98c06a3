//! The records of a JSON text: one per line, or the elements of one list, which may stand on any lines.

use super::Text;
use super::text::{RecordMark, reading_error};
use crate::{DataError, Problem};
use std::io::BufRead as _;
use std::path::PathBuf;

/// A text as a stream of records, each with the line that it starts on.
pub(crate) struct Records<'a> {
    text: Text<'a>,
    mark: RecordMark,
    file: PathBuf,
    record: Vec<u8>,
    /// The line of the next byte, counted from one.
    line: u64,
    shape: Shape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Unknown,
    Lines,
    List,
    Over,
}

impl<'a> Records<'a> {
    pub(crate) fn new(text: Text<'a>) -> Self {
        let (mark, file) = (text.record_mark(), text.file().to_owned());
        Self { text, mark, file, record: Vec::new(), line: 1, shape: Shape::Unknown }
    }

    /// The next record that is not blank, without blanks around it, and its line.
    pub(crate) fn advance(&mut self) -> Result<Option<(&str, u64)>, DataError> {
        if self.shape == Shape::Unknown {
            self.shape = match self.skip(|byte| byte.is_ascii_whitespace())? {
                Some(b'[') => Shape::List,
                _ => Shape::Lines,
            };
            if self.shape == Shape::List {
                self.pass(1);
            }
        }
        let line = match self.shape {
            Shape::List => self.element()?,
            Shape::Over => None,
            Shape::Unknown | Shape::Lines => self.whole_line()?,
        };
        self.mark.set();
        let Some(line) = line else { return Ok(None) };
        let record = std::str::from_utf8(&self.record).expect("a part of a text, cut at ASCII characters");
        Ok(Some((record.trim(), line)))
    }

    fn whole_line(&mut self) -> Result<Option<u64>, DataError> {
        loop {
            self.record.clear();
            let n = self.text.read_until(b'\n', &mut self.record);
            if n.map_err(|error| reading_error(error, &self.file))? == 0 {
                return Ok(None);
            }
            let line = self.line;
            self.line += 1;
            self.mark.set();
            if !self.record.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }

    /// The next element of the list; after the list, another may follow, and nothing else.
    fn element(&mut self) -> Result<Option<u64>, DataError> {
        let mut next = self.skip(|byte| byte.is_ascii_whitespace() || byte == b',')?;
        while next == Some(b']') {
            self.pass(1);
            next = self.skip(|byte| byte.is_ascii_whitespace())?;
            match next {
                None => {
                    self.shape = Shape::Over;
                    return Ok(None);
                }
                Some(b'[') => {
                    self.pass(1);
                    next = self.skip(|byte| byte.is_ascii_whitespace())?;
                }
                Some(_) => return Err(self.error("something after the list")),
            }
        }
        if next.is_none() {
            return Err(self.error("a list that is not closed"));
        }
        let line = self.line;
        self.record.clear();
        let mut element = Element::default();
        loop {
            let ready = self.text.fill_buf().map_err(|error| reading_error(error, &self.file))?;
            if ready.is_empty() {
                return Err(self.error("a list that is not closed"));
            }
            let end = ready.iter().position(|&byte| element.ends_before(byte));
            let part = &ready[..end.unwrap_or(ready.len())];
            self.record.extend_from_slice(part);
            let n = part.len();
            self.pass(n);
            if end.is_some() {
                return Ok(Some(line));
            }
        }
    }

    /// Passes over bytes, and says which one comes then.
    fn skip(&mut self, holds: impl Fn(u8) -> bool) -> Result<Option<u8>, DataError> {
        loop {
            let ready = self.text.fill_buf().map_err(|error| reading_error(error, &self.file))?;
            let n = ready.iter().position(|&byte| !holds(byte)).unwrap_or(ready.len());
            let (next, is_over) = (ready.get(n).copied(), ready.is_empty());
            self.pass(n);
            self.mark.set();
            if next.is_some() || is_over {
                return Ok(next);
            }
        }
    }

    fn pass(&mut self, n: usize) {
        if let Ok(ready) = self.text.fill_buf() {
            self.line += ready[..n].iter().filter(|&&byte| byte == b'\n').count() as u64;
        }
        self.text.consume(n);
    }

    fn error(&self, what: &str) -> DataError {
        DataError::new(Problem::BadJson(what.to_owned()), &self.file).at_line(self.line)
    }
}

/// Where in an element a byte stands.
#[derive(Default)]
struct Element {
    depth: usize,
    quote: Option<u8>,
    is_escaped: bool,
}

impl Element {
    /// Takes in a byte and says whether it is the first that does not belong to the element.
    fn ends_before(&mut self, byte: u8) -> bool {
        if let Some(quote) = self.quote {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                _ if byte == quote => self.quote = None,
                _ => {}
            }
            return false;
        }
        match byte {
            b',' | b']' if self.depth == 0 => return true,
            b'"' | b'\'' => self.quote = Some(byte),
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        false
    }
}
