//! Prompts, in pieces of a size that the processor's caches like.

use crate::cache::Cache;
use crate::matrix::Activations;
use crate::network::{Network, Span};

/// Tokens that are evaluated at once.
const CHUNK: usize = 256;

/// A context in the cache.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// Its nodes.
    pub(crate) path: Vec<u32>,
    /// Its tokens.
    pub(crate) tokens: Vec<u32>,
}

impl Context {
    /// Evaluates a prompt after what the cache holds of it; returns the state of its last token and the number of
    /// tokens that were not evaluated again. The last one always is: its state is not kept.
    pub(crate) fn of_prompt(
        network: &Network,
        cache: &mut Cache,
        tokens: Vec<u32>,
    ) -> (Self, Activations, usize) {
        let mut context = Self { path: Vec::new(), tokens };
        let n_known = cache.extend(&mut context.path, &context.tokens).min(context.tokens.len() - 1);
        let end = context.tokens.len();
        let mut first = n_known;
        while end - first > CHUNK {
            network.evaluate(&mut cache.key_values, &[context.span(first, first + CHUNK)], &[]);
            first += CHUNK;
        }
        let span = context.span(first, end);
        let state = network.evaluate(&mut cache.key_values, &[span], &[end - first - 1]);
        (context, state, n_known)
    }

    /// The tokens from `first` to `end`.
    pub(crate) fn span(&self, first: usize, end: usize) -> Span<'_> {
        Span { path: &self.path[..end], tokens: &self.tokens[first..end], first }
    }

    /// Adds tokens, without evaluating them; returns how many the cache held already.
    pub(crate) fn push(&mut self, cache: &mut Cache, tokens: &[u32]) -> usize {
        self.tokens.extend_from_slice(tokens);
        cache.extend(&mut self.path, tokens)
    }
}
