//! Reads little-endian values from bytes that nobody vouches for.

use crate::GgufError;

/// A position in a file; every read is checked against its end.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn damaged(&self, what: impl Into<String>) -> GgufError {
        GgufError::Damaged { what: what.into(), at: self.at }
    }

    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], GgufError> {
        let taken = self.bytes[self.at..].get(..n);
        let taken = taken.ok_or_else(|| self.damaged(format!("{n} bytes wanted, {} left", self.left())))?;
        self.at += n;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, GgufError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, GgufError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A count of things that take at least `least` bytes each, so that no count promises more than the file holds.
    pub(crate) fn count(&mut self, least: usize, of: &str) -> Result<usize, GgufError> {
        let n = self.u64()?;
        let most = self.left() / least.max(1);
        match usize::try_from(n) {
            Ok(n) if n <= most => Ok(n),
            _ => Err(self.damaged(format!("{n} {of} announced, at most {most} fit"))),
        }
    }

    pub(crate) fn string(&mut self) -> Result<String, GgufError> {
        let n = self.count(1, "bytes of text")?;
        let bytes = self.take(n)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| self.damaged("text that is not UTF-8"))
    }
}
