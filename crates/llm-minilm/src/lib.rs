//! Sentence vectors in process: all-MiniLM-L6-v2 and its relatives, from safetensors.
//!
//! A folder with `config.json`, `tokenizer.json` and `model.safetensors` is one model: a BERT encoder whose last
//! states are averaged over the tokens of a text and scaled to unit length. A text's vector does not depend on the
//! texts beside it, nor on the number of threads.

mod config;
mod error;
mod model;
mod network;
mod tokenizer;
mod weights;

pub use error::MiniLmError;
pub use model::{MiniLm, open};

#[cfg(test)]
mod tests;
