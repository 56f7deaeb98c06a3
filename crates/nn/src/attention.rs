//! One Transformer encoder layer with a single head, normalising after each residual sum.

use crate::dropout::Dropout;
use crate::norm::{NormTrace, layer_norm, layer_norm_backward};
use crate::random::uniforms;
use kernels::{add_scaled, affine, affine_backward, dot};
use mdp::Rng;

/// How many tensors a layer has: query-key-value, output, norm, up, down, norm; two of each.
pub(crate) const N_PARTS: usize = 12;

/// Their lengths, in the order in which they lie in the flat vector. Weights are `[in, out]` row-major.
pub(crate) fn lengths(width: usize) -> [usize; N_PARTS] {
    let (h, square) = (width, width * width);
    [3 * square, 3 * h, square, h, h, h, square, h, square, h, h, h]
}

/// How many parameters a layer has.
pub(crate) fn n_parameters(width: usize) -> usize {
    lengths(width).iter().sum()
}

/// Initial parameters: Xavier-uniform for query-key-value with zero biases, the usual linear start elsewhere but a
/// zero output bias, identity norms.
pub(crate) fn initial(width: usize, rng: &mut Rng) -> Vec<f32> {
    let (xavier, linear) = ((6.0 / (4 * width) as f32).sqrt(), (width as f32).powf(-0.5));
    let mut parameters = Vec::with_capacity(n_parameters(width));
    for (part, length) in lengths(width).into_iter().enumerate() {
        match part {
            0 => parameters.extend(uniforms(length, xavier, rng)),
            2 | 6 | 7 | 8 | 9 => parameters.extend(uniforms(length, linear, rng)),
            4 | 10 => parameters.resize(parameters.len() + length, 1.0),
            _ => parameters.resize(parameters.len() + length, 0.0),
        }
    }
    parameters
}

pub(crate) fn split(mut parameters: &[f32], width: usize) -> [&[f32]; N_PARTS] {
    lengths(width).map(|length| {
        let (part, rest) = parameters.split_at(length);
        parameters = rest;
        part
    })
}

pub(crate) fn split_mut(parameters: &mut [f32], width: usize) -> [&mut [f32]; N_PARTS] {
    let mut left = parameters;
    lengths(width).map(|length| {
        let (part, rest) = std::mem::take(&mut left).split_at_mut(length);
        left = rest;
        part
    })
}

/// What a forward pass leaves for the backward pass. The output has one row per query: the last rows of the input.
#[derive(Clone, Debug, Default)]
pub(crate) struct LayerTrace {
    input: Vec<f32>,
    qkv: Vec<f32>,
    attention: Vec<f32>,
    context: Vec<f32>,
    middle: Vec<f32>,
    hidden: Vec<f32>,
    pub(crate) output: Vec<f32>,
    norms: [NormTrace; 2],
    masks: [Vec<f32>; 4],
}

/// Runs a layer on `input: [rows, width]`; only the last `n_queries` rows are answered.
pub(crate) fn forward(
    parameters: &[f32],
    width: usize,
    (input, n_queries): (&[f32], usize),
    (dropout, rate): (&mut Dropout<'_>, f32),
    trace: &mut LayerTrace,
) {
    let [qkv_w, qkv_b, out_w, out_b, gain1, offset1, up_w, up_b, down_w, down_b, gain2, offset2] =
        split(parameters, width);
    let n_rows = input.len() / width;
    let n_values = n_queries * width;
    for (mask, length) in trace.masks.iter_mut().zip([n_queries * n_rows, n_values, n_values, n_values]) {
        dropout.fill(rate, length, mask);
    }
    let [attention_mask, out_mask, hidden_mask, down_mask] = &trace.masks;
    trace.input.clear();
    trace.input.extend_from_slice(input);
    trace.qkv.resize(3 * input.len(), 0.0);
    affine(input, qkv_w, qkv_b, &mut trace.qkv);
    attend(&trace.qkv, width, attention_mask, &mut trace.attention, &mut trace.context);

    let residual = &input[input.len() - n_values..];
    trace.middle.resize(n_values, 0.0);
    affine(&trace.context, out_w, out_b, &mut trace.middle);
    add_residual(&mut trace.middle, out_mask, residual);
    layer_norm(&mut trace.middle, gain1, offset1, &mut trace.norms[0]);

    trace.hidden.resize(n_values, 0.0);
    affine(&trace.middle, up_w, up_b, &mut trace.hidden);
    trace.hidden.iter_mut().zip(hidden_mask).for_each(|(x, mask)| *x = x.max(0.0) * mask);
    trace.output.resize(n_values, 0.0);
    affine(&trace.hidden, down_w, down_b, &mut trace.output);
    add_residual(&mut trace.output, down_mask, &trace.middle);
    layer_norm(&mut trace.output, gain2, offset2, &mut trace.norms[1]);
}

/// The backward pass: adds to `gradient` (laid out as the parameters) and returns the input's gradient
/// `[rows, width]`, given the output's `[queries, width]`.
pub(crate) fn backward(
    parameters: &[f32],
    width: usize,
    trace: &LayerTrace,
    mut upstream: Vec<f32>,
    gradient: &mut [f32],
) -> Vec<f32> {
    let [qkv_w, _, out_w, _, gain1, _, up_w, _, down_w, _, gain2, _] = split(parameters, width);
    let [
        d_qkv_w,
        d_qkv_b,
        d_out_w,
        d_out_b,
        d_gain1,
        d_offset1,
        d_up_w,
        d_up_b,
        d_down_w,
        d_down_b,
        d_gain2,
        d_offset2,
    ] = split_mut(gradient, width);
    let [attention_mask, out_mask, hidden_mask, down_mask] = &trace.masks;

    layer_norm_backward(&mut upstream, gain2, &trace.norms[1], d_gain2, d_offset2);
    let mut d_hidden = vec![0.0; upstream.len()];
    affine_backward(
        (&trace.hidden, down_w, &product(&upstream, down_mask)),
        d_down_w,
        d_down_b,
        &mut d_hidden,
    );
    for ((d, &value), mask) in d_hidden.iter_mut().zip(&trace.hidden).zip(hidden_mask) {
        *d = if value > 0.0 { *d * mask } else { 0.0 };
    }
    let mut d_middle = vec![0.0; upstream.len()];
    affine_backward((&trace.middle, up_w, &d_hidden), d_up_w, d_up_b, &mut d_middle);
    add_scaled(&mut d_middle, 1.0, &upstream);

    layer_norm_backward(&mut d_middle, gain1, &trace.norms[0], d_gain1, d_offset1);
    let mut d_context = vec![0.0; upstream.len()];
    affine_backward((&trace.context, out_w, &product(&d_middle, out_mask)), d_out_w, d_out_b, &mut d_context);
    let d_qkv = attend_backward(trace, width, attention_mask, &d_context);
    let mut d_input = vec![0.0; trace.input.len()];
    affine_backward((&trace.input, qkv_w, &d_qkv), d_qkv_w, d_qkv_b, &mut d_input);
    let n_unanswered = d_input.len() - d_middle.len();
    add_scaled(&mut d_input[n_unanswered..], 1.0, &d_middle);
    d_input
}

/// Scaled dot-product attention of the last rows of `qkv: [rows, 3 * width]` over all rows. `mask` has shape
/// `[queries, rows]`; `attention` gets the probabilities before it is applied.
fn attend(qkv: &[f32], width: usize, mask: &[f32], attention: &mut Vec<f32>, context: &mut Vec<f32>) {
    let n_rows = qkv.len() / (3 * width);
    let n_queries = mask.len() / n_rows;
    let scale = (width as f32).powf(-0.5);
    attention.clear();
    context.clear();
    context.resize(n_queries * width, 0.0);
    for (query, context) in context.chunks_exact_mut(width).enumerate() {
        let row = n_rows - n_queries + query;
        let q = &qkv[row * 3 * width..][..width];
        attention.extend(qkv.chunks_exact(3 * width).map(|kv| scale * dot(q, &kv[width..2 * width])));
        let probabilities = &mut attention[query * n_rows..];
        let max = probabilities.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        probabilities.iter_mut().for_each(|p| *p = (*p - max).exp());
        let inverse = 1.0 / probabilities.iter().sum::<f32>();
        for ((p, mask), kv) in
            probabilities.iter_mut().zip(&mask[query * n_rows..]).zip(qkv.chunks_exact(3 * width))
        {
            *p *= inverse;
            add_scaled(context, *p * mask, &kv[2 * width..]);
        }
    }
}

/// The gradient of `qkv`, given that of the context.
fn attend_backward(trace: &LayerTrace, width: usize, mask: &[f32], d_context: &[f32]) -> Vec<f32> {
    let n_rows = trace.qkv.len() / (3 * width);
    let n_queries = mask.len() / n_rows;
    let scale = (width as f32).powf(-0.5);
    let part = |row: usize, which: usize| (row * 3 + which) * width..(row * 3 + which + 1) * width;
    let mut d_qkv = vec![0.0; trace.qkv.len()];
    for (query, d_context) in d_context.chunks_exact(width).enumerate() {
        let row = n_rows - n_queries + query;
        let cells = query * n_rows..(query + 1) * n_rows;
        let (probabilities, mask) = (&trace.attention[cells.clone()], &mask[cells]);
        let mut d_scores: Vec<f32> =
            (0..n_rows).map(|key| mask[key] * dot(d_context, &trace.qkv[part(key, 2)])).collect();
        let mean: f32 = d_scores.iter().zip(probabilities).map(|(d, p)| d * p).sum();
        for (key, d) in d_scores.iter_mut().enumerate() {
            add_scaled(&mut d_qkv[part(key, 2)], probabilities[key] * mask[key], d_context);
            *d = scale * probabilities[key] * (*d - mean);
            add_scaled(&mut d_qkv[part(row, 0)], *d, &trace.qkv[part(key, 1)]);
            add_scaled(&mut d_qkv[part(key, 1)], *d, &trace.qkv[part(row, 0)]);
        }
    }
    d_qkv
}

/// `values = values * mask + residual`.
fn add_residual(values: &mut [f32], mask: &[f32], residual: &[f32]) {
    for ((x, mask), r) in values.iter_mut().zip(mask).zip(residual) {
        *x = *x * mask + r;
    }
}

fn product(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a * b).collect()
}
