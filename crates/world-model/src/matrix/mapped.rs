//! A matrix that lies in a file.

use super::element::Element;
use super::npy::{NpyHeader, byte_size};
use super::text::TextMatrix;
use super::{pickle, text};
use memmap2::Mmap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that is not a matrix.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// The operating system refused.
    #[error("cannot read: {source}: {}", path.display())]
    Io {
        /// The system's reason.
        source: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The bytes are not what they should be.
    #[error("not a matrix ({what}): {}", path.display())]
    Format {
        /// What does not fit.
        what: String,
        /// The file.
        path: PathBuf,
    },
}

/// A numeric matrix in a memory-mapped file; pages are read when cells are asked for. A pickled array is first
/// unpacked, which keeps one copy of its bytes in memory.
#[derive(Clone, Debug)]
pub struct DenseMatrix {
    bytes: Bytes,
    start: usize,
    element: Element,
    is_fortran: bool,
    n_rows: usize,
    n_columns: usize,
}

#[derive(Clone, Debug)]
enum Bytes {
    Mapped(Arc<Mmap>),
    Owned(Arc<Vec<u8>>),
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl DenseMatrix {
    /// Opens a `.npy` file, plain text with a line for each row (perhaps gzipped), or a pickle that holds one numeric array and nothing
    /// that could be executed.
    ///
    /// # Errors
    /// When the file cannot be read, is none of them, is cut off, or does not hold a non-empty matrix of numbers.
    pub fn open(path: &Path) -> Result<Self, MatrixError> {
        let map = map(path).map_err(|source| MatrixError::Io { source, path: path.to_owned() })?;
        Self::of(map).map_err(|what| MatrixError::Format { what, path: path.to_owned() })
    }

    fn of(map: Mmap) -> Result<Self, String> {
        if map.starts_with(b"\x93NUMPY") {
            let NpyHeader { element, is_fortran, shape, start } = NpyHeader::parse(&map)?;
            return Self::shaped(Bytes::Mapped(Arc::new(map)), start, element, is_fortran, &shape);
        }
        if text::is_text(&map) {
            let TextMatrix { bytes, shape } = text::read(&map)?;
            return Self::shaped(Bytes::Owned(Arc::new(bytes)), 0, Element::parse("<f4")?, false, &shape);
        }
        let array = pickle::read_array(&map)?;
        let bytes = Bytes::Owned(Arc::new(array.bytes));
        Self::shaped(bytes, 0, array.element, array.is_fortran, &array.shape)
    }

    fn shaped(
        bytes: Bytes,
        start: usize,
        element: Element,
        is_fortran: bool,
        shape: &[usize],
    ) -> Result<Self, String> {
        let &[n_rows, n_columns] = shape else {
            return Err(format!("an array of {} dimensions, not a matrix", shape.len()));
        };
        if n_rows == 0 || n_columns == 0 || n_rows > u32::MAX as usize || n_columns > u32::MAX as usize {
            return Err(format!("a matrix of {n_rows} x {n_columns}"));
        }
        let n_bytes = byte_size(shape, element)?;
        if bytes.as_slice().len().saturating_sub(start) < n_bytes {
            return Err("fewer elements than the shape needs".into());
        }
        Ok(Self { bytes, start, element, is_fortran, n_rows, n_columns })
    }

    /// Rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Columns.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// One cell.
    ///
    /// # Panics
    /// If it lies outside.
    pub fn get(&self, row: usize, column: usize) -> f32 {
        assert!(row < self.n_rows && column < self.n_columns, "a cell of the matrix");
        let place = if self.is_fortran { column * self.n_rows + row } else { row * self.n_columns + column };
        let at = self.start + place * self.element.n_bytes();
        self.element.read(&self.bytes.as_slice()[at..at + self.element.n_bytes()])
    }

    /// Writes the matrix as a little-endian f32 `.npy` file in row order, the layout that worlds keep.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_npy(&self, path: &Path) -> std::io::Result<()> {
        let shape = format!("({}, {})", self.n_rows, self.n_columns);
        let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        let n_before = 10 + header.len() + 1;
        header.push_str(&" ".repeat((64 - n_before % 64) % 64));
        header.push('\n');
        let mut out = BufWriter::new(File::create(path)?);
        out.write_all(b"\x93NUMPY\x01\x00")?;
        out.write_all(&(header.len() as u16).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        for row in 0..self.n_rows {
            for column in 0..self.n_columns {
                out.write_all(&self.get(row, column).to_le_bytes())?;
            }
        }
        out.flush()
    }

    /// The first cell that is not a finite number.
    pub fn find_not_finite(&self) -> Option<(usize, usize)> {
        let cells = (0..self.n_rows).flat_map(|row| (0..self.n_columns).map(move |column| (row, column)));
        cells.into_iter().find(|&(row, column)| !self.get(row, column).is_finite())
    }
}

fn map(path: &Path) -> std::io::Result<Mmap> {
    let file = File::open(path)?;
    #[expect(unsafe_code, reason = "a memory map is the only way to read matrices larger than memory")]
    // SAFETY: the map is read-only and every access is a bounds-checked copy of bytes, any value of which is
    // valid; like every reader of memory maps this relies on nobody shortening the file meanwhile.
    unsafe {
        Mmap::map(&file)
    }
}
