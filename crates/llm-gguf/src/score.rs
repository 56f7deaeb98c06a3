//! How likely texts are after a prefix.

use std::time::Instant;

use llm::{Continuation, LanguageModel as _, LlmError, Score, Usage};
use rayon::prelude::*;

use crate::GgufModel;
use crate::error::not_finite;
use crate::evaluate::Context;
use crate::sampling::log_normaliser;

/// Tokens of continuations that are evaluated at once, which bounds the memory of their logits.
const ROWS: usize = 64;

/// Scores all continuations of one request. Prefix and continuation are made tokens of separately, so a token never
/// spans their boundary; a chat template ends in a newline or the like, where none would.
pub(crate) fn score(model: &GgufModel, request: &Score) -> Result<Vec<Continuation>, LlmError> {
    let start = Instant::now();
    let texts: Vec<Vec<u32>> = request.continuations.iter().map(|text| model.tokenize(text)).collect();
    let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
    let prefix = model.tokens_of(&request.messages, longest)?;
    let n_prefix = prefix.len();
    let mut cache = model.cache();
    cache.begin();
    let (context, state, n_reused) = Context::of_prompt(&model.network, &mut cache, prefix);
    let first = model.network.logits_of_row(&state, 0);
    let normaliser = log_normaliser(&first);
    let first_of =
        |tokens: &[u32]| tokens.first().map_or(0.0, |&token| f64::from(first[token as usize]) - normaliser);
    let mut log_probs: Vec<f64> = texts.iter().map(|tokens| first_of(tokens)).collect();
    for batch in batches(&texts) {
        let rest = score_batch(model, &mut cache, &context, &texts[batch.clone()]);
        log_probs[batch].iter_mut().zip(rest).for_each(|(log_prob, rest)| *log_prob += rest);
    }
    drop(cache);
    if log_probs.iter().any(|log_prob| !log_prob.is_finite()) {
        return Err(not_finite(&model.capabilities().model));
    }
    let seconds = start.elapsed().as_secs_f64() / texts.len().max(1) as f64;
    let continuation = |(i, (tokens, log_prob)): (usize, (&Vec<u32>, f64))| Continuation {
        log_prob,
        n_tokens: tokens.len() as u32,
        usage: Usage {
            tokens_in: if i == 0 { n_prefix as u64 } else { 0 },
            tokens_reused: if i == 0 { n_reused as u64 } else { 0 },
            tokens_out: tokens.len() as u64,
            seconds,
        },
    };
    Ok(texts.iter().zip(log_probs).enumerate().map(continuation).collect())
}

/// Runs of continuations of about [`ROWS`] tokens.
fn batches(texts: &[Vec<u32>]) -> Vec<std::ops::Range<usize>> {
    let (mut batches, mut first, mut n_rows) = (Vec::new(), 0, 0);
    for (i, tokens) in texts.iter().enumerate() {
        if n_rows > 0 && n_rows + tokens.len() > ROWS {
            batches.push(first..i);
            (first, n_rows) = (i, 0);
        }
        n_rows += tokens.len();
    }
    batches.push(first..texts.len());
    batches
}

/// Log-probabilities of all tokens but the first of each text. The texts are branches of the cache's tree, taken off
/// again afterwards.
fn score_batch(
    model: &GgufModel,
    cache: &mut crate::cache::Cache,
    prefix: &Context,
    texts: &[Vec<u32>],
) -> Vec<f64> {
    let n_prefix = prefix.tokens.len();
    let mut added: Vec<u32> = Vec::new();
    let branch = |tokens: &Vec<u32>| {
        let mut context = Context { path: prefix.path.clone(), tokens: prefix.tokens.clone() };
        let n_found = context.push(cache, &tokens[..tokens.len().saturating_sub(1)]);
        added.extend_from_slice(&context.path[n_prefix + n_found..]);
        context
    };
    let branches: Vec<Context> = texts.iter().map(branch).collect();
    let spans: Vec<_> = branches
        .iter()
        .filter(|branch| branch.tokens.len() > n_prefix)
        .map(|branch| branch.span(n_prefix, branch.tokens.len()))
        .collect();
    if spans.is_empty() {
        return vec![0.0; texts.len()];
    }
    let n_rows = spans.iter().map(|span| span.tokens.len()).sum();
    let wanted: Vec<usize> = (0..n_rows).collect();
    let states = model.network.evaluate(&mut cache.key_values, &spans, &wanted);
    // Row by row, the token that follows.
    let targets: Vec<u32> = texts.iter().flat_map(|tokens| tokens.iter().skip(1)).copied().collect();
    let log_probs: Vec<f64> = model
        .network
        .logits(&states)
        .into_par_iter()
        .zip(targets)
        .map(|(logits, target)| f64::from(logits[target as usize]) - log_normaliser(&logits))
        .collect();
    let mut rest = log_probs.as_slice();
    let sums = texts.iter().map(|tokens| {
        let (own, others) = rest.split_at(tokens.len().saturating_sub(1));
        rest = others;
        own.iter().sum()
    });
    let sums = sums.collect();
    cache.forget(&added);
    sums
}
