//! From text to tokens and back, with the vocabulary that the model file brings.

mod merges;
mod scored;
mod template;
mod tokenizer;
mod words;

pub(crate) use template::Template;
pub(crate) use tokenizer::{Reading, Tokenizer};
