//! What the pages of a Parquet column say of themselves, read before a decoder believes it: it makes room for as much.
//!
//! # Source
//! The Thrift compact protocol, and `PageHeader` of the format's definition.

use parquet::file::metadata::ColumnChunkMetaData;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};

/// The most that the pages of one column may claim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of one page, unpacked.
    pub(super) page_bytes: u64,
    /// Values of all pages of a row group, those in lists counted one by one.
    pub(super) values: u64,
}

/// Why a column is not decoded.
#[derive(Debug)]
pub(super) enum Refused {
    /// A page claims more than its file can hold.
    TooMuch,
    /// A page header that cannot be read.
    Unreadable(io::Error),
}

/// Types of fields in the compact protocol.
const BYTE: u8 = 3;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
const DEPTH_LIMIT: usize = 16;

/// What counts of a page header.
#[derive(Default)]
struct Page {
    unpacked: i64,
    packed: i64,
    n_values: i64,
}

/// Reads the headers of all pages of one column chunk.
pub(super) fn check(file: &File, chunk: &ColumnChunkMetaData, limits: Limits) -> Result<(), Refused> {
    let first = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let (Ok(start), Ok(length)) = (u64::try_from(first), u64::try_from(chunk.compressed_size())) else {
        return Err(Refused::Unreadable(io::Error::other("a place before the file")));
    };
    let end = start.saturating_add(length);
    let mut reader = Header { bytes: BufReader::with_capacity(1 << 10, file), at: start };
    reader.bytes.seek(SeekFrom::Start(start)).map_err(Refused::Unreadable)?;
    let mut n_values = 0u64;
    while reader.at < end {
        let page = reader.page().map_err(Refused::Unreadable)?;
        let (Ok(unpacked), Ok(packed), Ok(values)) =
            (u64::try_from(page.unpacked), u64::try_from(page.packed), u64::try_from(page.n_values))
        else {
            return Err(Refused::Unreadable(io::Error::other("a page of negative size")));
        };
        n_values = n_values.saturating_add(values);
        if unpacked > limits.page_bytes || n_values > limits.values {
            return Err(Refused::TooMuch);
        }
        reader.skip(packed).map_err(Refused::Unreadable)?;
    }
    Ok(())
}

struct Header<'f> {
    bytes: BufReader<&'f File>,
    at: u64,
}

impl Header<'_> {
    /// Reads one page header.
    fn page(&mut self) -> io::Result<Page> {
        let mut page = Page::default();
        self.fields(0, &mut |header, id, kind| {
            match (id, kind) {
                (2, 4..=6) => page.unpacked = header.zigzag()?,
                (3, 4..=6) => page.packed = header.zigzag()?,
                (5 | 7 | 8, STRUCT) => header.fields(1, &mut |header, id, kind| {
                    if id == 1 && (4..=6).contains(&kind) {
                        page.n_values = header.zigzag()?;
                        return Ok(());
                    }
                    header.pass(kind, 2)
                })?,
                _ => header.pass(kind, 1)?,
            }
            Ok(())
        })?;
        Ok(page)
    }

    /// Reads the fields of a struct.
    fn fields(
        &mut self,
        depth: usize,
        take: &mut dyn FnMut(&mut Self, i64, u8) -> io::Result<()>,
    ) -> io::Result<()> {
        if depth > DEPTH_LIMIT {
            return Err(io::Error::other("nested too deeply"));
        }
        let mut id = 0i64;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Ok(());
            }
            id = match byte >> 4 {
                0 => self.zigzag()?,
                step => id.saturating_add(i64::from(step)),
            };
            take(self, id, byte & 15)?;
        }
    }

    /// Passes over a value.
    fn pass(&mut self, kind: u8, depth: usize) -> io::Result<()> {
        match kind {
            1 | 2 => Ok(()),
            BYTE => self.byte().map(|_| ()),
            4..=6 => self.varint().map(|_| ()),
            DOUBLE => self.skip(8),
            BINARY => {
                let length = self.varint()?;
                self.skip(length)
            }
            LIST | SET => {
                let head = self.byte()?;
                let n = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                self.pass_all(n, &[head & 15], depth)
            }
            MAP => {
                let n = self.varint()?;
                let kinds = if n == 0 { 0 } else { self.byte()? };
                self.pass_all(n, &[kinds >> 4, kinds & 15], depth)
            }
            STRUCT => self.fields(depth + 1, &mut |header, _, kind| header.pass(kind, depth + 1)),
            _ => Err(io::Error::other("an unknown field type")),
        }
    }

    /// Passes over the values of a list or map; in these, truth values take a byte.
    fn pass_all(&mut self, n: u64, kinds: &[u8], depth: usize) -> io::Result<()> {
        if depth > DEPTH_LIMIT {
            return Err(io::Error::other("nested too deeply"));
        }
        for _ in 0..n {
            for &kind in kinds {
                self.pass(if kind < BYTE { BYTE } else { kind }, depth + 1)?;
            }
        }
        Ok(())
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte)?;
        self.at += 1;
        Ok(byte[0])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut value = 0;
        for place in 0..10 {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << (7 * place);
            if byte < 128 {
                return Ok(value);
            }
        }
        Err(io::Error::other("a number of too many bytes"))
    }

    fn zigzag(&mut self) -> io::Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn skip(&mut self, n: u64) -> io::Result<()> {
        let step = i64::try_from(n).map_err(|_| io::Error::other("a length beyond any file"))?;
        self.bytes.seek_relative(step)?;
        self.at = self.at.saturating_add(n);
        Ok(())
    }
}
