//! Dense matrices from files: NumPy arrays, memory-mapped or pickled, that are read without trust.

mod element;
mod mapped;
mod npy;
mod pickle;

pub use mapped::{DenseMatrix, MatrixError};

#[cfg(test)]
mod tests;
