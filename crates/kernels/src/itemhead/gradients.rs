//! Gradients of the logits: one exponential per cell, sixteen rows of the batch at a time.

use super::{HeadRow, HeadScale, TILE};
use crate::lanes::{LANES, Lanes, exp, sum};

/// What all groups read.
pub(super) struct Batch<'a> {
    pub(super) width: usize,
    pub(super) limit: f32,
    pub(super) n_batch: usize,
    pub(super) actions: &'a [u32],
    pub(super) rows: &'a [HeadRow],
    pub(super) scales: &'a [HeadScale],
    pub(super) hidden: &'a [f32],
    pub(super) factors: &'a Factors,
}

/// Factors of a row's gradients, one value per row of the batch along the lanes: with p = exp(z - log_sum), the
/// gradient of a logit is `(action + entropy * (z + shift)) * p`, before the slope of the clamp.
#[derive(Clone, Debug, Default)]
pub(super) struct Factors {
    log_sum: Vec<f32>,
    action: Vec<f32>,
    entropy: Vec<f32>,
    shift: Vec<f32>,
}

impl Factors {
    /// The factors of a batch, filled up to whole lanes.
    pub(super) fn fill(&mut self, rows: &[HeadRow], scales: &[HeadScale], lanes: usize) {
        let fill = |out: &mut Vec<f32>, value: &dyn Fn(usize) -> f32| {
            out.clear();
            out.extend((0..lanes).map(|row| if row < rows.len() { value(row) } else { 0.0 }));
        };
        fill(&mut self.log_sum, &|row| rows[row].log_sum);
        fill(&mut self.action, &|row| scales[row].action);
        fill(&mut self.entropy, &|row| scales[row].entropy);
        fill(&mut self.shift, &|row| rows[row].entropy - rows[row].log_sum);
    }
}

impl Batch<'_> {
    /// What the row's own action takes off the gradient of its logit.
    pub(super) fn pull(&self, row: usize) -> f32 {
        let ratio = if self.limit > 0.0 { self.rows[row].action_logit / self.limit } else { 0.0 };
        self.scales[row].action * (1.0 - ratio * ratio)
    }
}

/// Turns a tile of clamped logits into gradients before the clamp, without the part of the actions, and sums them per
/// item.
#[inline(always)]
pub(super) fn logit_gradients<L: Lanes>(
    logits: &mut [f32],
    stride: usize,
    batch: &Batch<'_>,
    d_bias: &mut [f32; TILE],
) {
    let Factors { log_sum, action, entropy, shift } = batch.factors;
    let inverse = L::splat(if batch.limit > 0.0 { 1.0 / batch.limit } else { 0.0 });
    let one = L::splat(1.0);
    for (cells, d_bias) in logits.chunks_mut(stride).zip(d_bias) {
        let cells = &mut cells[..log_sum.len()];
        let factors = log_sum.as_chunks::<LANES>().0.iter().zip(action.as_chunks::<LANES>().0);
        let factors = factors.zip(entropy.as_chunks::<LANES>().0).zip(shift.as_chunks::<LANES>().0);
        let mut total = L::splat(0.0);
        for (cell, (((log_sum, action), entropy), shift)) in
            cells.as_chunks_mut::<LANES>().0.iter_mut().zip(factors)
        {
            let z = L::load(cell);
            let p = exp(z.sub(L::load(log_sum)));
            let ratio = z.mul(inverse);
            let slope = one.sub(ratio.mul(ratio));
            let worth = L::load(entropy).mul_add(z.add(L::load(shift)), L::load(action));
            let gradient = worth.mul(p).mul(slope);
            total = total.add(gradient);
            gradient.store(cell);
        }
        *d_bias = sum(total);
    }
}
