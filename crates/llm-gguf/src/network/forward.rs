//! One evaluation of some tokens.

use rayon::prelude::*;

use super::attention::{Read, attend};
use super::config::Gate;
use super::rope::Rope;
use super::weights::{Layer, Network};
use crate::cache::KeyValues;
use crate::matrix::{Activations, LANES, Panels, products, products_of_tiles};

/// Of the approximated gate: the root of 2 / pi, and the factor of the cube.
const GELU_SCALE: f32 = 0.797_884_6;
const GELU_CUBE: f32 = 0.044_715;

/// Tokens that stand one after the other on a path of the cache. Spans of one evaluation may share nodes that lie
/// before their first: keys and values of all are there before anyone reads them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    /// The nodes from the first token of the context to the last of the span.
    pub(crate) path: &'a [u32],
    /// Tokens of the path, from `first` on: those that are evaluated.
    pub(crate) tokens: &'a [u32],
    /// Position of the first evaluated token.
    pub(crate) first: usize,
}

impl Network {
    /// Evaluates all spans together, leaves keys and values in the cache, and returns the final states of the rows
    /// in `wanted`; rows are counted over all spans.
    ///
    /// # Panics
    /// If a span's sizes do not fit, or a token is not in the vocabulary.
    pub(crate) fn evaluate(
        &self,
        cache: &mut KeyValues,
        spans: &[Span<'_>],
        wanted: &[usize],
    ) -> Activations {
        let rows: Vec<Row> = spans.iter().flat_map(|span| span.rows()).collect();
        let width = self.config.width;
        let mut states: Vec<f32> = rows.par_iter().flat_map_iter(|row| self.embed(row.token)).collect();
        for (n, (layer, keys)) in self.layers.iter().zip(&mut cache.layers).enumerate() {
            let read = self.attention(n, layer, &states, &rows, spans, keys);
            let read =
                Activations::quantise(rows.len(), self.config.query_width(), |row, out| read.row(row, out));
            let [update] = products([&layer.attention_output], &read);
            self.add(&mut states, &update, layer.attention_end_norm.as_deref());
            let update = self.inner(layer, &states, rows.len());
            self.add(&mut states, &update, layer.inner_end_norm.as_deref());
        }
        Activations::quantise(wanted.len(), width, |i, out| {
            norm(&states[wanted[i] * width..][..width], &self.output_norm, self.config.norm_epsilon, out);
        })
    }

    /// Logits of every token of the vocabulary, one row per state.
    pub(crate) fn logits(&self, states: &Activations) -> Vec<Vec<f32>> {
        let [panels] = products([&self.output], states);
        let row = |row| {
            let mut logits: Vec<f32> = panels.row(row).flatten().copied().collect();
            logits.truncate(self.output.n_rows());
            logits
        };
        (0..states.n_tokens()).into_par_iter().map(row).collect()
    }

    /// Logits of every token of the vocabulary for one of the states.
    pub(crate) fn logits_of_row(&self, states: &Activations, row: usize) -> Vec<f32> {
        self.logits(&states.only(row)).swap_remove(0)
    }

    /// Logits of some tokens only, for one of the states.
    pub(crate) fn logits_of(&self, states: &Activations, row: usize, tokens: &[u32]) -> Vec<f32> {
        let mut tiles: Vec<usize> = tokens.iter().map(|&token| token as usize / LANES).collect();
        tiles.sort_unstable();
        tiles.dedup();
        let panels = products_of_tiles(&self.output, &tiles, &states.only(row));
        let logit = |&token: &u32| {
            let tile = tiles.partition_point(|&tile| tile < token as usize / LANES);
            panels.piece(tile, 0)[token as usize % LANES]
        };
        tokens.iter().map(logit).collect()
    }

    fn attention(
        &self,
        n: usize,
        layer: &Layer,
        states: &[f32],
        rows: &[Row],
        spans: &[Span<'_>],
        keys: &mut crate::cache::LayerKeys,
    ) -> Read {
        let config = &self.config;
        let (width, epsilon) = (config.width, config.norm_epsilon);
        let input = Activations::quantise(rows.len(), width, |row, out| {
            norm(&states[row * width..][..width], &layer.attention_norm, epsilon, out);
        });
        let [query, key, value] = products([&layer.query, &layer.key, &layer.value], &input);
        let (rope, window) = (self.rope(n), config.local(n).map_or(usize::MAX, |local| local.window));
        let mut queries = vec![0.0; rows.len() * config.query_width()];
        queries.par_chunks_mut(config.query_width()).zip(rows).enumerate().for_each(|(i, (out, row))| {
            read_row(&query, i, layer.query_bias.as_deref(), out);
            self.place(rope, row.position, layer.query_norm.as_deref(), out);
            out.iter_mut().for_each(|value| *value *= config.query_scale);
        });
        let mut buffer = vec![0.0; config.key_width()];
        for (i, row) in rows.iter().enumerate() {
            read_row(&key, i, layer.key_bias.as_deref(), &mut buffer);
            self.place(rope, row.position, layer.key_norm.as_deref(), &mut buffer);
            put(&mut keys.keys, row.node, &buffer);
            read_row(&value, i, layer.value_bias.as_deref(), &mut buffer);
            put(&mut keys.values, row.node, &buffer);
        }
        attend(config, &queries, spans, keys, window)
    }

    /// Normalises heads, where the architecture does, and rotates them.
    fn place(&self, rope: &Rope, position: usize, head_norm: Option<&[f32]>, heads: &mut [f32]) {
        for head in heads.chunks_exact_mut(self.config.head_width) {
            if let Some(weights) = head_norm {
                let plain = head.to_vec();
                norm(&plain, weights, self.config.norm_epsilon, head);
            }
            rope.rotate(position, head);
        }
    }

    fn inner(&self, layer: &Layer, states: &[f32], n_rows: usize) -> Panels {
        let (width, epsilon) = (self.config.width, self.config.norm_epsilon);
        let input = Activations::quantise(n_rows, width, |row, out| {
            norm(&states[row * width..][..width], &layer.inner_norm, epsilon, out);
        });
        let [gate, up] = products([&layer.gate, &layer.up], &input);
        let inner = Activations::quantise(n_rows, self.config.inner_width, |row, out| {
            self.gated(&gate, &up, row, out);
        });
        let [update] = products([&layer.down], &inner);
        update
    }

    /// The gate, opened, times `up`.
    fn gated(&self, gate: &Panels, up: &Panels, row: usize, out: &mut [f32]) {
        read_row(gate, row, None, out);
        open_gate(self.config.gate, out);
        for (out, up) in out.chunks_mut(LANES).zip(up.row(row)) {
            out.iter_mut().zip(up).for_each(|(out, up)| *out *= up);
        }
    }

    /// Adds an update to the states, normalised before where the architecture does that.
    fn add(&self, states: &mut [f32], update: &Panels, end_norm: Option<&[f32]>) {
        let (width, epsilon) = (self.config.width, self.config.norm_epsilon);
        states.par_chunks_mut(width).enumerate().for_each(|(row, state)| {
            let Some(weights) = end_norm else {
                let pieces = state.chunks_mut(LANES).zip(update.row(row));
                return pieces.for_each(|(state, piece)| add(state, piece));
            };
            let (mut plain, mut normed) = (vec![0.0; width], vec![0.0; width]);
            read_row(update, row, None, &mut plain);
            norm(&plain, weights, epsilon, &mut normed);
            add(state, &normed);
        });
    }
}

fn add(state: &mut [f32], update: &[f32]) {
    state.iter_mut().zip(update).for_each(|(state, update)| *state += update);
}

/// One token to be evaluated.
struct Row {
    token: u32,
    node: u32,
    position: usize,
}

impl Span<'_> {
    fn rows(&self) -> impl Iterator<Item = Row> {
        let places = (self.first..).zip(&self.path[self.first..]);
        places.zip(self.tokens).map(|((position, &node), &token)| Row { token, node, position })
    }
}

/// The row's pieces in order, with the bias added; rows that only fill the last tile are left out.
fn read_row(panels: &Panels, row: usize, bias: Option<&[f32]>, out: &mut [f32]) {
    for (out, piece) in out.chunks_mut(LANES).zip(panels.row(row)) {
        out.copy_from_slice(&piece[..out.len()]);
    }
    for (out, bias) in out.iter_mut().zip(bias.unwrap_or_default()) {
        *out += bias;
    }
}

fn put(heads: &mut [Vec<f32>], node: u32, row: &[f32]) {
    let width = row.len() / heads.len();
    for (head, part) in heads.iter_mut().zip(row.chunks_exact(width)) {
        head[node as usize * width..][..width].copy_from_slice(part);
    }
}

/// Root-mean-square norm.
fn norm(values: &[f32], weights: &[f32], epsilon: f32, out: &mut [f32]) {
    let mean = kernels::dot(values, values) / values.len() as f32;
    let scale = 1.0 / (mean + epsilon).sqrt();
    for ((out, value), weight) in out.iter_mut().zip(values).zip(weights) {
        *out = value * scale * weight;
    }
}

/// The gate's function, in place.
fn open_gate(gate: Gate, values: &mut [f32]) {
    // Both are x times the logistic function of something.
    let inside = |x: f32| match gate {
        Gate::Silu => x,
        Gate::Gelu => 2.0 * GELU_SCALE * (x + GELU_CUBE * x * x * x),
    };
    let mut exponentials: Vec<f32> = values.iter().map(|&x| -inside(x)).collect();
    kernels::exp_in_place(&mut exponentials);
    values.iter_mut().zip(exponentials).for_each(|(value, exponential)| *value /= 1.0 + exponential);
}
