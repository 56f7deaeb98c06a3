//! GGUF models in process: quantised weights, key-value cache, prefix reuse.

mod error;
mod file;
mod matrix;

pub use error::GgufError;
