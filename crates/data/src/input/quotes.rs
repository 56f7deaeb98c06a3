//! Quotation marks of delimited text, watched as it streams by: one that opens and is not closed swallows lines
//! without a word.

use super::Text;
use super::text::{fault, is_too_long};
use crate::Problem;
use std::io::{self, Read};

/// A text whose quotation marks are watched. It follows the rules of the `csv` crate.
pub(super) struct Watched<'a> {
    text: Text<'a>,
    delimiter: u8,
    state: State,
    /// The line of the next byte, and that of the last opening mark, counted from one.
    line: u64,
    opened: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    InField,
    Quoted,
    /// Behind a mark in a quoted field: its end, or the first of two marks that stand for one.
    Mark,
}

impl<'a> Watched<'a> {
    /// Watches a text whose next line is the `line`th of its file.
    pub(super) fn new(text: Text<'a>, delimiter: u8, line: u64) -> Self {
        Self { text, delimiter, state: State::FieldStart, line, opened: 0 }
    }

    fn watch(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.state != State::Quoted && self.state != State::Mark && !bytes.contains(&b'"') {
            self.line += breaks(bytes);
            self.state = match bytes.last() {
                Some(&last) if last == self.delimiter || matches!(last, b'\n' | b'\r') => State::FieldStart,
                _ => State::InField,
            };
            return Ok(());
        }
        for &byte in bytes {
            let is_end = byte == self.delimiter || matches!(byte, b'\n' | b'\r');
            self.state = match (self.state, byte) {
                (State::FieldStart, b'"') => {
                    self.opened = self.line;
                    State::Quoted
                }
                (State::Quoted, b'"') => State::Mark,
                (State::Quoted, _) | (State::Mark, b'"') => State::Quoted,
                (State::Mark, _) if !is_end && self.line > self.opened => return Err(self.unclosed()),
                _ if is_end => State::FieldStart,
                _ => State::InField,
            };
            self.line += u64::from(byte == b'\n');
        }
        Ok(())
    }

    fn unclosed(&self) -> io::Error {
        fault(self.opened, Problem::UnclosedQuote)
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = match self.text.read(out) {
            Err(error) if self.state == State::Quoted && is_too_long(&error) => return Err(self.unclosed()),
            other => other?,
        };
        if n == 0 && self.state == State::Quoted && !out.is_empty() {
            return Err(self.unclosed());
        }
        self.watch(&out[..n])?;
        Ok(n)
    }
}

fn breaks(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}
