//! The bytes of a file: in memory where it is small, mapped where it is large.
//!
//! A mapped file that somebody shortens ends the process that reads it. What is in memory stays what it was.

use memmap2::Mmap;
use std::fs::File;
use std::io::Read as _;
use std::ops::Deref;

/// The bytes of a file, aligned for any number in it.
pub(crate) enum Bytes {
    /// So many bytes of these words.
    Held(Vec<u64>, usize),
    /// A map.
    Mapped(Mmap),
}

/// The largest file that is read into memory.
const MOST_HELD: u64 = 256 << 20;

impl Bytes {
    /// The bytes of a file.
    ///
    /// # Errors
    /// When it cannot be read, or becomes shorter meanwhile.
    pub(crate) fn of(file: &File) -> std::io::Result<Self> {
        let length = file.metadata()?.len();
        if length > MOST_HELD {
            #[expect(unsafe_code, reason = "mapping a file is unsafe by its interface")]
            // SAFETY: the file belongs to a sealed directory, which nobody changes; it is only ever read.
            return unsafe { Mmap::map(file) }.map(Self::Mapped);
        }
        let length = length as usize;
        let mut words = vec![0u64; length.div_ceil(size_of::<u64>())];
        let (mut file, bytes) = (file, bytemuck::cast_slice_mut::<u64, u8>(&mut words));
        file.read_exact(&mut bytes[..length])?;
        Ok(Self::Held(words, length))
    }

    /// Whether they stay what they are whatever happens to the file.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self, Self::Held(..))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Held(words, length) => &bytemuck::cast_slice(words)[..*length],
            Self::Mapped(map) => map,
        }
    }
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes, {}", self.len(), if self.is_held() { "held" } else { "mapped" })
    }
}
