//! Attention over paths of the cache.

use kernels::{Layout, exp_in_place, matmul};
use rayon::prelude::*;

use super::config::Config;
use super::forward::Span;
use crate::cache::LayerKeys;

/// Query rows of one piece of work.
const CHUNK: usize = 64;

/// What the heads of all rows have read from the values.
pub(super) struct Read {
    /// Per chunk of rows and key head: `[rows, heads of the group, head width]`.
    parts: Vec<Vec<f32>>,
    /// The chunk of each row and its place there.
    of_row: Vec<(usize, usize)>,
    n_kv_heads: usize,
    group_width: usize,
}

impl Read {
    /// Writes what the heads of one row have read.
    pub(super) fn row(&self, row: usize, out: &mut [f32]) {
        let (chunk, place) = self.of_row[row];
        for (head, out) in out.chunks_exact_mut(self.group_width).enumerate() {
            let part = &self.parts[chunk * self.n_kv_heads + head];
            out.copy_from_slice(&part[place * self.group_width..][..self.group_width]);
        }
    }
}

/// A chunk of consecutive rows of one span.
struct Chunk<'a> {
    first_row: usize,
    n_rows: usize,
    /// The nodes that any row of the chunk sees.
    path: &'a [u32],
    /// Of the path, how many lie before the first row.
    n_before: usize,
}

/// Lets every row of every span attend to its path up to itself, or to the last `window` tokens of it. `queries` are
/// rotated and scaled.
pub(super) fn attend(
    config: &Config,
    queries: &[f32],
    spans: &[Span<'_>],
    layer: &LayerKeys,
    window: usize,
) -> Read {
    let mut chunks = Vec::new();
    let mut of_row = Vec::new();
    for span in spans {
        for first in (span.first..span.path.len()).step_by(CHUNK) {
            let end = span.path.len().min(first + CHUNK);
            let first_row = of_row.len();
            of_row.extend((0..end - first).map(|place| (chunks.len(), place)));
            let begin = (first + 1).saturating_sub(window);
            let path = &span.path[begin..end];
            chunks.push(Chunk { first_row, n_rows: end - first, path, n_before: first - begin });
        }
    }
    let jobs = chunks.len() * config.n_kv_heads;
    let part = |job: usize| {
        let (chunk, head) = (&chunks[job / config.n_kv_heads], job % config.n_kv_heads);
        attend_chunk(config, queries, chunk, head, (layer, window))
    };
    Read {
        parts: (0..jobs).into_par_iter().map(part).collect(),
        of_row,
        n_kv_heads: config.n_kv_heads,
        group_width: config.query_width() / config.n_kv_heads,
    }
}

fn attend_chunk(
    config: &Config,
    queries: &[f32],
    chunk: &Chunk<'_>,
    head: usize,
    (layer, window): (&LayerKeys, usize),
) -> Vec<f32> {
    let (width, n_seen) = (config.head_width, chunk.path.len());
    let group = config.n_heads / config.n_kv_heads;
    let mut query = Vec::with_capacity(chunk.n_rows * group * width);
    for row in chunk.first_row..chunk.first_row + chunk.n_rows {
        query.extend_from_slice(
            &queries[row * config.query_width() + head * group * width..][..group * width],
        );
    }
    let n_queries = chunk.n_rows * group;
    let (keys, values) =
        (gather(&layer.keys[head], chunk.path, width), gather(&layer.values[head], chunk.path, width));
    let mut weights = vec![0.0; n_queries * n_seen];
    let shape = (n_queries, width, n_seen);
    matmul(shape, (&query, Layout::Plain), (&keys, Layout::Transposed), 0.0, &mut weights);
    for (i, weights) in weights.chunks_exact_mut(n_seen).enumerate() {
        let end = chunk.n_before + i / group + 1;
        let begin = end.saturating_sub(window);
        softmax(&mut weights[begin..end]);
        weights[..begin].fill(0.0);
        weights[end..].fill(0.0);
    }
    let mut out = query;
    matmul((n_queries, n_seen, width), (&weights, Layout::Plain), (&values, Layout::Plain), 0.0, &mut out);
    out
}

/// The rows of a path; borrowed where they lie in a row.
fn gather<'a>(rows: &'a [f32], path: &[u32], width: usize) -> std::borrow::Cow<'a, [f32]> {
    let first = path[0] as usize;
    let lies_in_a_row = path.iter().zip(first..).all(|(&node, expected)| node as usize == expected);
    if lies_in_a_row {
        return (&rows[first * width..][..path.len() * width]).into();
    }
    path.iter().flat_map(|&node| &rows[node as usize * width..][..width]).copied().collect::<Vec<_>>().into()
}

fn softmax(values: &mut [f32]) {
    let largest = values.iter().fold(f32::NEG_INFINITY, |largest, &value| largest.max(value));
    values.iter_mut().for_each(|value| *value -= largest);
    exp_in_place(values);
    let inverse = 1.0 / values.iter().sum::<f32>();
    values.iter_mut().for_each(|value| *value *= inverse);
}
