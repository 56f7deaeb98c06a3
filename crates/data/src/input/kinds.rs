//! What a file is by its first bytes, whatever its name says.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// A kind of file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Text, as far as one can see.
    Plain,
    /// Text in UTF-16, with the mark that says so.
    Utf16(&'static Encoding),
    /// Packed, and read.
    Packed(Packing),
    /// A Parquet table.
    Parquet,
    /// What it is, and what to do instead.
    Unread(&'static str, &'static str),
}

/// A way to pack one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Xz,
    Zstd,
}

/// Ends of names that say how a file is packed.
pub(super) const PACKED_ENDS: [&str; 3] = [".gz", ".xz", ".zst"];

const UNPACK: &str = "unpack it first, and import what is in it";
const AS_CSV: &str = "write the table as CSV or Parquet";

/// Beginnings of files that are not read.
const UNREAD: [(&[u8], &str, &str); 15] = [
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"PK\x03\x04", "a zip archive within another file", UNPACK),
    (b"\x04\x22\x4d\x18", "LZ4", "unpack it first: lz4 -d FILE"),
    (b"PARE", "an encrypted Parquet table", "write it without encryption"),
    (b"ARROW1", "an Arrow or Feather file", AS_CSV),
    (b"FEA1", "a Feather file", AS_CSV),
    (b"ORC", "an ORC file", AS_CSV),
    (b"Obj\x01", "an Avro file", AS_CSV),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", AS_CSV),
    (b"\x93NUMPY", "a NumPy array", AS_CSV),
    (b"SQLite format 3\0", "an SQLite database", AS_CSV),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook", AS_CSV),
    (b"\xff\xfe\0\0", "UTF-32", "convert the file to UTF-8"),
    (b"\0\0\xfe\xff", "UTF-32", "convert the file to UTF-8"),
];

impl Kind {
    /// Looks at the first bytes, 512 if there are as many.
    pub(super) fn of(head: &[u8]) -> Self {
        let is_tar = head.get(257..262) == Some(b"ustar");
        let unread = UNREAD.iter().find(|(magic, ..)| head.starts_with(magic));
        match head {
            [0x1f, 0x8b, ..] => Self::Packed(Packing::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Packed(Packing::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Packed(Packing::Zstd),
            [b'P', b'A', b'R', b'1', ..] => Self::Parquet,
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => {
                Self::Unread("bzip2", "unpack it first: bzip2 -d FILE")
            }
            _ if is_tar => Self::Unread("a tar archive", UNPACK),
            _ if is_page(head) => {
                Self::Unread("a web page (HTML)", "the download went wrong: fetch the file itself")
            }
            _ if is_pickle(head) => Self::Unread("a Python pickle", AS_CSV),
            _ => match unread {
                Some((magic, what, hint)) if is_binary(magic, head) => Self::Unread(what, hint),
                _ if head.starts_with(b"\xff\xfe") => Self::Utf16(UTF_16LE),
                _ if head.starts_with(b"\xfe\xff") => Self::Utf16(UTF_16BE),
                _ => Self::Plain,
            },
        }
    }
}

/// A beginning of letters alone could be that of a text: then a byte that no text has must follow.
fn is_binary(magic: &[u8], head: &[u8]) -> bool {
    magic.iter().any(|&byte| byte > 127) || head.iter().any(|&byte| byte < 9)
}

fn is_page(head: &[u8]) -> bool {
    let start = head.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|text| text.eq_ignore_ascii_case(tag)))
}

/// Protocols 2 to 5 begin with a number, and an opcode that no text has in this place.
fn is_pickle(head: &[u8]) -> bool {
    matches!(head, [0x80, 2..=5, ..])
}
