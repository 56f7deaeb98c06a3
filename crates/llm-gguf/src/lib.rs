//! GGUF models in process: quantised weights, key-value cache, prefix reuse.
//!
//! Matrices stay as small in memory as in the file, rearranged so that sixteen rows are computed together; attention,
//! norms and everything between them is in f32. Matrices that the file holds as floats are rounded to eight bits.

mod cache;
mod choices;
mod error;
mod evaluate;
mod file;
mod generate;
mod matrix;
mod model;
mod network;
mod sampling;
mod score;
mod tokens;

pub use error::GgufError;
pub use model::{GgufModel, Options, open};

#[cfg(test)]
mod tests;
