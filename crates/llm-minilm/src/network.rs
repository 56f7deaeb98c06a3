//! The forward pass of a BERT encoder.
//!
//! # Source
//! Devlin et al. 2019 (the encoder), Reimers and Gurevych 2019 (mean pooling).

use kernels::{Layout, dot, exp_in_place, matmul, softmax_in_place};

use crate::config::Config;
use crate::weights::{Layer, Linear, Norm, Weights};

/// A network with its shape.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) config: Config,
    pub(crate) weights: Weights,
}

impl Network {
    /// One vector per text, each the mean of its tokens' last states; not yet of unit length.
    ///
    /// # Shapes
    /// `texts: [texts][1 ..= positions]`, every token below `config.n_tokens`; the result is `[texts][width]`.
    pub(crate) fn means(&self, texts: &[Vec<u32>]) -> Vec<Vec<f32>> {
        let width = self.config.width;
        let mut states = self.embedded(texts); // [tokens of all texts, width]
        for layer in &self.weights.layers {
            self.pass(layer, texts, &mut states);
        }
        let mut rows = states.chunks_exact(width);
        texts.iter().map(|text| mean(rows.by_ref().take(text.len()), width)).collect()
    }

    fn embedded(&self, texts: &[Vec<u32>]) -> Vec<f32> {
        let (width, weights) = (self.config.width, &self.weights);
        let row = |table: &[f32], at: usize| table[at * width..(at + 1) * width].to_vec();
        let mut states = Vec::new();
        for (position, &token) in texts.iter().flat_map(|text| text.iter().enumerate()) {
            let mut state = row(&weights.tokens, token as usize);
            add(&mut state, &row(&weights.positions, position));
            add(&mut state, &weights.types[..width]);
            states.extend(state);
        }
        self.normalise(&mut states, &weights.norm);
        states
    }

    fn pass(&self, layer: &Layer, texts: &[Vec<u32>], states: &mut [f32]) {
        let width = self.config.width;
        let [query, key, value] = [&layer.query, &layer.key, &layer.value].map(|map| apply(map, states));
        let mut mixed = vec![0.0; states.len()];
        let mut start = 0;
        for text in texts {
            let part = start..start + text.len() * width;
            let of_text = [&query[part.clone()], &key[part.clone()], &value[part.clone()]];
            self.attend(of_text, &mut mixed[part.clone()]);
            start = part.end;
        }
        add(states, &apply(&layer.attended, &mixed));
        self.normalise(states, &layer.attended_norm);
        let mut inner = apply(&layer.widen, states); // [tokens, inner width]
        gelu(&mut inner);
        add(states, &apply(&layer.narrow, &inner));
        self.normalise(states, &layer.output_norm);
    }

    /// Attention among the tokens of one text, head by head.
    fn attend(&self, [query, key, value]: [&[f32]; 3], mixed: &mut [f32]) {
        let (width, n_heads) = (self.config.width, self.config.n_heads);
        let head_width = width / n_heads;
        let scale = 1.0 / (head_width as f32).sqrt();
        for (query, mixed) in query.chunks_exact(width).zip(mixed.chunks_exact_mut(width)) {
            for start in (0..width).step_by(head_width) {
                let head = start..start + head_width;
                let likeness = |key: &[f32]| scale * dot(&query[head.clone()], &key[head.clone()]);
                let mut shares: Vec<f32> = key.chunks_exact(width).map(likeness).collect();
                soften(&mut shares);
                for (&share, value) in shares.iter().zip(value.chunks_exact(width)) {
                    kernels::add_scaled(&mut mixed[head.clone()], share, &value[head.clone()]);
                }
            }
        }
    }

    fn normalise(&self, states: &mut [f32], norm: &Norm) {
        let width = self.config.width;
        for state in states.chunks_exact_mut(width) {
            let mean = state.iter().sum::<f32>() / width as f32;
            state.iter_mut().for_each(|x| *x -= mean);
            let variance = dot(state, state) / width as f32;
            let scale = 1.0 / (variance + self.config.epsilon as f32).sqrt();
            for ((x, gain), shift) in state.iter_mut().zip(&norm.scale).zip(&norm.shift) {
                *x = *x * scale * gain + shift;
            }
        }
    }
}

/// Softmax; weights without a finite likeness (a damaged file) share evenly instead of stopping the program.
fn soften(shares: &mut [f32]) {
    if shares.iter().all(|share| share.is_finite()) {
        softmax_in_place(shares);
    } else {
        shares.fill(f32::NAN);
    }
}

/// `x @ weight^T + bias` for every row of `x`.
fn apply(map: &Linear, x: &[f32]) -> Vec<f32> {
    let n_out = map.bias.len();
    let n_in = map.weight.len() / n_out;
    let n_rows = x.len() / n_in;
    let mut out = map.bias.repeat(n_rows); // [rows, out]
    matmul((n_rows, n_in, n_out), (x, Layout::Plain), (&map.weight, Layout::Transposed), 1.0, &mut out);
    out
}

fn add(to: &mut [f32], other: &[f32]) {
    to.iter_mut().zip(other).for_each(|(x, y)| *x += y);
}

fn mean<'a>(rows: impl Iterator<Item = &'a [f32]>, width: usize) -> Vec<f32> {
    let (mut sum, mut n) = (vec![0.0; width], 0);
    for row in rows {
        add(&mut sum, row);
        n += 1;
    }
    sum.iter_mut().for_each(|x| *x /= n as f32);
    sum
}

/// `x * P(Z < x)` for a standard normal Z, to within 2e-7 of `|x|`.
///
/// # Source
/// The error function by Abramowitz and Stegun, 7.1.26.
fn gelu(values: &mut [f32]) {
    let mut tails: Vec<f32> = values.iter().map(|x| -0.5 * x * x).collect();
    exp_in_place(&mut tails);
    for (x, tail) in values.iter_mut().zip(tails) {
        let t = 1.0 / (0.327_591_1 * x.abs() * std::f32::consts::FRAC_1_SQRT_2 + 1.0);
        let polynomial = [1.061_405_4, -1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6];
        let upper = 0.5 * t * tail * polynomial.iter().fold(0.0, |sum: f32, c| sum.mul_add(t, *c)); // P(Z > |x|)
        *x *= if *x < 0.0 { upper } else { 1.0 - upper };
    }
}
