//! Dense matrices from files: NumPy arrays, memory-mapped or pickled, and plain text, that are read without trust.

mod element;
mod mapped;
mod npy;
mod pickle;
mod text;

pub use mapped::{DenseMatrix, MatrixError};

#[cfg(test)]
mod tests;
