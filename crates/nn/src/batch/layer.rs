//! One encoder layer over the tokens of many sessions, laid one after the other.

use super::masks::Masks;
use crate::attention::N_PARTS;
use kernels::{
    Isa, NormBatch, Queries, Sessions, add_scaled, affine_batch, affine_batch_backward, attend,
    attend_backward, transpose,
};

/// What a way forward leaves for the way back. Rows are tokens, or answered tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct LayerBatch {
    queries: Queries,
    input: Vec<f32>,
    qkv: Vec<f32>,
    /// Probabilities before dropout, `[queries, tokens]` for one session after the other.
    attention: Vec<f32>,
    context: Vec<f32>,
    middle: Vec<f32>,
    hidden: Vec<f32>,
    pub(super) output: Vec<f32>,
    norms: [NormBatch; 2],
    masks: [Vec<f32>; 4],
    scratch: Scratch,
}

/// Gradients on their way.
#[derive(Clone, Debug, Default)]
struct Scratch {
    upstream: Vec<f32>,
    hidden: Vec<f32>,
    middle: Vec<f32>,
    context: Vec<f32>,
    qkv: Vec<f32>,
}

/// Transposes the weights of query-key-value, output, up and down.
pub(super) fn transpose_weights(parameters: &[f32], width: usize, out: &mut [Vec<f32>; 4]) {
    let parts = crate::attention::split(parameters, width);
    for (part, out) in [0, 2, 6, 8].into_iter().zip(out) {
        transpose(parts[part], if part == 0 { 3 * width } else { width }, out);
    }
}

impl LayerBatch {
    /// Runs the layer on `input: [tokens, width]` of sessions of these lengths.
    pub(super) fn forward(
        &mut self,
        isa: Isa,
        parameters: &[&[f32]; N_PARTS],
        (input, lengths): (&[f32], &[usize]),
        queries: Queries,
        (masks, rate): (&mut Masks<'_>, f32),
    ) {
        let [qkv_w, qkv_b, out_w, out_b, gain1, offset1, up_w, up_b, down_w, down_b, gain2, offset2] =
            *parameters;
        let width = gain1.len();
        let n_values = lengths.iter().map(|&length| queries.of(length)).sum::<usize>() * width;
        let n_cells: usize = lengths.iter().map(|&length| queries.of(length) * length).sum();
        let [attention, others @ ..] = &mut self.masks;
        masks.fill(rate, lengths.iter().map(|&length| queries.of(length) * length), attention);
        for mask in others {
            masks.fill(rate, lengths.iter().map(|&length| queries.of(length) * width), mask);
        }
        self.queries = queries;
        self.input.clear();
        self.input.extend_from_slice(input);
        self.qkv.resize(3 * input.len(), 0.0);
        affine_batch(isa, input, (qkv_w, qkv_b), &mut self.qkv);
        self.attention.resize(n_cells, 0.0);
        self.context.resize(n_values, 0.0);
        let sessions = Sessions { qkv: &self.qkv, lengths, queries, mask: &self.masks[0] };
        attend(isa, sessions, width, &mut self.attention, &mut self.context);

        self.middle.resize(n_values, 0.0);
        affine_batch(isa, &self.context, (out_w, out_b), &mut self.middle);
        multiply(&mut self.middle, &self.masks[1]);
        let mut rest = &mut self.middle[..];
        queries.for_sessions(lengths, |tokens, n_queries| {
            let (rows, after) = std::mem::take(&mut rest).split_at_mut(n_queries * width);
            add_scaled(rows, 1.0, &input[(tokens.end - n_queries) * width..tokens.end * width]);
            rest = after;
        });
        self.norms[0].forward(isa, &mut self.middle, gain1, offset1);

        self.hidden.resize(n_values, 0.0);
        affine_batch(isa, &self.middle, (up_w, up_b), &mut self.hidden);
        self.hidden.iter_mut().zip(&self.masks[2]).for_each(|(x, mask)| *x = x.max(0.0) * mask);
        self.output.resize(n_values, 0.0);
        affine_batch(isa, &self.hidden, (down_w, down_b), &mut self.output);
        multiply(&mut self.output, &self.masks[3]);
        add_scaled(&mut self.output, 1.0, &self.middle);
        self.norms[1].forward(isa, &mut self.output, gain2, offset2);
    }

    /// Turns the output's gradient `[answered, width]` into the input's `[tokens, width]`, and adds to `gradient`.
    pub(super) fn backward(
        &mut self,
        isa: Isa,
        (parameters, transposed): (&[&[f32]; N_PARTS], &[Vec<f32>; 4]),
        lengths: &[usize],
        upstream: &mut Vec<f32>,
        gradient: [&mut [f32]; N_PARTS],
    ) {
        let [qkv_t, out_t, up_t, down_t] = transposed;
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
        ] = gradient;
        let width = parameters[4].len();
        let n_values = upstream.len();
        let mut scratch = std::mem::take(&mut self.scratch);
        self.norms[1].backward(isa, upstream, parameters[10], (d_gain2, d_offset2));
        masked(upstream, &self.masks[3], &mut scratch.upstream);
        scratch.hidden.resize(n_values, 0.0);
        let back = (&self.hidden[..], &down_t[..], &scratch.upstream[..]);
        affine_batch_backward(isa, back, (d_down_w, d_down_b), &mut scratch.hidden);
        let hidden = scratch.hidden.iter_mut().zip(&self.hidden).zip(&self.masks[2]);
        hidden.for_each(|((d, &value), mask)| *d = if value > 0.0 { *d * mask } else { 0.0 });
        scratch.middle.resize(n_values, 0.0);
        let back = (&self.middle[..], &up_t[..], &scratch.hidden[..]);
        affine_batch_backward(isa, back, (d_up_w, d_up_b), &mut scratch.middle);
        add_scaled(&mut scratch.middle, 1.0, upstream);

        self.norms[0].backward(isa, &mut scratch.middle, parameters[4], (d_gain1, d_offset1));
        masked(&scratch.middle, &self.masks[1], &mut scratch.upstream);
        scratch.context.resize(n_values, 0.0);
        let back = (&self.context[..], &out_t[..], &scratch.upstream[..]);
        affine_batch_backward(isa, back, (d_out_w, d_out_b), &mut scratch.context);
        scratch.qkv.resize(self.qkv.len(), 0.0);
        let sessions = Sessions { qkv: &self.qkv, lengths, queries: self.queries, mask: &self.masks[0] };
        attend_backward(isa, sessions, width, (&self.attention, &scratch.context), &mut scratch.qkv);
        upstream.clear();
        upstream.resize(self.input.len(), 0.0);
        affine_batch_backward(isa, (&self.input, qkv_t, &scratch.qkv), (d_qkv_w, d_qkv_b), upstream);
        let mut rest = &scratch.middle[..];
        self.queries.for_sessions(lengths, |tokens, n_queries| {
            let (rows, after) = rest.split_at(n_queries * width);
            add_scaled(&mut upstream[(tokens.end - n_queries) * width..tokens.end * width], 1.0, rows);
            rest = after;
        });
        self.scratch = scratch;
    }
}

fn multiply(values: &mut [f32], mask: &[f32]) {
    values.iter_mut().zip(mask).for_each(|(x, mask)| *x *= mask);
}

fn masked(values: &[f32], mask: &[f32], out: &mut Vec<f32>) {
    out.clear();
    out.extend(values.iter().zip(mask).map(|(x, mask)| x * mask));
}
