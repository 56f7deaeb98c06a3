//! The pass back: gradients of hidden states, and of rows and biases, kept or consumed by Adam at once.

use super::gradients::{Batch, logit_gradients};
use super::{Group, HeadLimits, HeadPass, HeadScale, HeadTable, TILE, stride};
use crate::Adam;
use crate::adam::Moving;
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes};
use crate::product::{Left, Start, product};
use rayon::prelude::*;

/// A table with its optimisers: what a fused step moves.
#[derive(Debug)]
pub struct HeadParameters<'a> {
    /// `[items, width]`.
    pub rows: &'a mut [f32],
    /// `[items]`.
    pub bias: &'a mut [f32],
    /// Moments of the rows.
    pub rows_adam: &'a mut Adam,
    /// Moments of the biases.
    pub bias_adam: &'a mut Adam,
    /// What rows and biases keep to after the step.
    pub limits: HeadLimits,
}

/// Gradients of a table.
#[derive(Debug)]
pub struct HeadGradients<'a> {
    /// `[items, width]`.
    pub rows: &'a mut [f32],
    /// `[items]`.
    pub bias: &'a mut [f32],
}

impl HeadPass {
    /// Overwrites the gradients of the table and of the hidden states, `d_hidden: [batch, width]`. Can follow a pass
    /// forward once, because the logits become their gradients in place.
    ///
    /// # Panics
    /// If lengths do not fit the pass forward.
    pub fn backward(
        &mut self,
        table: HeadTable<'_>,
        scales: &[HeadScale],
        gradients: HeadGradients<'_>,
        d_hidden: &mut [f32],
    ) {
        let HeadGradients { rows: d_rows, bias: d_bias } = gradients;
        let (size, width) = (self.group_size(), self.width);
        assert!(d_rows.len() == self.n_items * width && d_bias.len() == self.n_items, "gradients");
        assert!(table.rows.len() == self.n_items * width, "the table of the pass forward");
        let targets = d_rows.par_chunks_mut(size * width).zip(d_bias.par_chunks_mut(size));
        let tables = table.rows.par_chunks(size * width);
        let targets =
            targets.zip(tables).map(|((d_rows, d_bias), rows)| Target::Keep { rows, d_rows, d_bias });
        self.run_groups(scales, targets, d_hidden);
    }

    /// As [`HeadPass::backward`], but takes Adam's step of rows and biases tile by tile instead of writing gradients:
    /// the values and moments are those of the unfused step, bit for bit. A tile then keeps its limits, which moments
    /// do not see.
    ///
    /// # Panics
    /// If lengths do not fit the pass forward.
    pub fn backward_and_step(
        &mut self,
        parameters: HeadParameters<'_>,
        scales: &[HeadScale],
        d_hidden: &mut [f32],
    ) {
        let HeadParameters { rows, bias, rows_adam, bias_adam, limits } = parameters;
        let (size, width) = (self.group_size(), self.width);
        assert!(
            rows.len() == self.n_items * width && bias.len() == self.n_items,
            "the table of the pass forward"
        );
        let (rows, bias) = (rows_adam.start(rows), bias_adam.start(bias));
        let targets = rows.par_chunks(size * width).zip(bias.par_chunks(size));
        let targets = targets.map(|(rows, bias)| Target::Move { rows, bias, limits });
        self.run_groups(scales, targets, d_hidden);
    }

    fn run_groups<'t>(
        &mut self,
        scales: &[HeadScale],
        targets: impl IndexedParallelIterator<Item = Target<'t>>,
        d_hidden: &mut [f32],
    ) {
        assert_eq!(scales.len(), self.n_batch, "one scale per row");
        assert_eq!(d_hidden.len(), self.n_batch * self.width, "one gradient per hidden state");
        assert_eq!(targets.len(), self.groups.len(), "the table of the pass forward");
        self.factors.fill(&self.rows, scales, self.n_batch.next_multiple_of(LANES));
        let (size, isa) = (self.group_size(), self.isa);
        let Self {
            width, limit, n_batch, ref actions, ref by_action, ref rows, ref hidden, ref factors, ..
        } = *self;
        let by = |item: usize| by_action.partition_point(|&row| (actions[row as usize] as usize) < item);
        let chosen = |first: usize, end: usize| &by_action[by(first)..by(end)];
        let groups = self.groups.par_iter_mut().zip(targets).enumerate();
        groups.for_each(|(index, (group, target))| {
            let chosen = chosen(index * size, (index + 1) * size);
            let first_item = index * size;
            let batch = Batch { width, limit, n_batch, actions, rows, scales, hidden, factors };
            isa.run(Backward { group, target, first_item, chosen, batch });
        });
        d_hidden.fill(0.0);
        for group in &self.groups {
            crate::add_scaled(d_hidden, 1.0, &group.d_hidden);
        }
    }
}

/// What becomes of the gradients of a group.
enum Target<'a> {
    Keep { rows: &'a [f32], d_rows: &'a mut [f32], d_bias: &'a mut [f32] },
    Move { rows: Moving<'a>, bias: Moving<'a>, limits: HeadLimits },
}

/// One group's share.
struct Backward<'a> {
    group: &'a mut Group,
    target: Target<'a>,
    first_item: usize,
    /// Rows of the batch whose action is in the group, by action.
    chosen: &'a [u32],
    batch: Batch<'a>,
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { group, mut target, first_item, mut chosen, batch } = self;
        let (width, n_batch) = (batch.width, batch.n_batch);
        let stride = stride(n_batch.next_multiple_of(LANES));
        group.d_hidden.resize(n_batch * width, 0.0);
        group.d_rows.resize(TILE * width, 0.0);
        for (index, logits) in group.logits.chunks_mut(TILE * stride).enumerate() {
            let (first, n_items) = (index * TILE, logits.len() / stride);
            let mut d_bias = [0.0; TILE];
            logit_gradients::<L>(logits, stride, &batch, &mut d_bias);
            while let Some((&row, rest)) = chosen.split_first() {
                let item = batch.actions[row as usize] as usize - first_item;
                if item >= first + n_items {
                    break;
                }
                let pull = batch.pull(row as usize);
                logits[(item - first) * stride + row as usize] -= pull;
                d_bias[item - first] -= pull;
                chosen = rest;
            }
            let cells = first * width..(first + n_items) * width;
            let rows = match &target {
                Target::Keep { rows, .. } => &rows[cells.clone()],
                Target::Move { rows, .. } => &rows.values[cells.clone()],
            };
            let start = if index == 0 { Start::Zero } else { Start::Result };
            let (left, out) = (Left::Columns(logits, stride), (&mut group.d_hidden[..], width));
            product::<L>((n_batch, n_items, width), left, (rows, width), start, out);
            let d_rows = &mut group.d_rows[..n_items * width];
            let (left, right) = (Left::Rows(logits, stride), (batch.hidden, width));
            product::<L>((n_items, n_batch, width), left, right, Start::Zero, (d_rows, width));
            match &mut target {
                Target::Keep { d_rows: out, d_bias: out_bias, .. } => {
                    out[cells].copy_from_slice(d_rows);
                    out_bias[first..first + n_items].copy_from_slice(&d_bias[..n_items]);
                }
                Target::Move { rows, bias, limits } => {
                    rows.step(cells.clone(), d_rows);
                    bias.step(first..first + n_items, &d_bias[..n_items]);
                    limits.apply::<L>(
                        &mut rows.values[cells],
                        width,
                        &mut bias.values[first..first + n_items],
                    );
                }
            }
        }
    }
}
