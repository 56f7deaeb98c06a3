//! Pieces with scores: neighbours are merged where the vocabulary has them together, the highest score first.
//!
//! # Source
//! The scheme of SentencePiece's byte-pair models as llama.cpp applies it: spaces are letters like any other.

use std::collections::HashMap;

use super::merges::merge;
use crate::GgufError;
use crate::file::{GgufFile, Value};

/// What stands for a space in the vocabulary.
const SPACE: char = '\u{2581}';

/// The order in which pieces are merged.
#[derive(Debug)]
pub(super) struct Scored {
    /// Per token: its place among all scores, the highest first; equal scores share one.
    ranks: Vec<u32>,
    /// Whether text after a control token, or at the start, begins with a space.
    starts_with_space: bool,
}

impl Scored {
    /// Reads the scores of `n_tokens`.
    pub(super) fn read(file: &GgufFile, n_tokens: usize) -> Result<Self, GgufError> {
        let Some(Value::Floats(scores)) = file.get("tokenizer.ggml.scores") else {
            return Err(GgufError::unfit("the vocabulary has no scores"));
        };
        if scores.len() != n_tokens {
            return Err(GgufError::unfit(format!("{} scores for {n_tokens} tokens", scores.len())));
        }
        let mut sorted = scores.clone();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        sorted.dedup();
        let rank = |score: &f64| sorted.partition_point(|other| other.total_cmp(score).is_gt()) as u32;
        let starts_with_space = file.bool("tokenizer.ggml.add_space_prefix").unwrap_or(true);
        Ok(Self { ranks: scores.iter().map(rank).collect(), starts_with_space })
    }

    /// The tokens of a text without control tokens; bytes that no piece has become the tokens of bytes.
    pub(super) fn encode(
        &self,
        text: &str,
        by_bytes: &HashMap<Vec<u8>, u32>,
        of_byte: &[Option<u32>; 256],
    ) -> Vec<u32> {
        let mut text = text.replace(SPACE, " ");
        if self.starts_with_space && !text.is_empty() {
            text.insert(0, ' ');
        }
        let token = |(from, to): (usize, usize)| by_bytes.get(&text.as_bytes()[from..to]).copied();
        let join = |left: (usize, usize), right: (usize, usize)| {
            let both = (left.0, right.1);
            token(both).map(|token| (self.ranks[token as usize], both))
        };
        let letters: Vec<_> = text.char_indices().map(|(at, char)| (at, at + char.len_utf8())).collect();
        let tokens = merge(&letters, join).into_iter().flat_map(|piece| match token(piece) {
            Some(token) => vec![token],
            None => text[piece.0..piece.1].bytes().filter_map(|byte| of_byte[usize::from(byte)]).collect(),
        });
        tokens.collect()
    }
}

/// What a piece of the vocabulary writes.
pub(super) fn bytes_of(piece: &str) -> Vec<u8> {
    piece.replace(SPACE, " ").into_bytes()
}

/// The byte that a byte's token is named after, as in `<0x0A>`.
pub(super) fn byte_of(name: &str) -> Option<u8> {
    let digits = name.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok()
}
