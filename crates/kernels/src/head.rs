//! The head of a policy over a whole catalogue: clamped logits, a draw, and the gradient of its loss.

use crate::{exp_in_place, vector::tanh_of};
use multiversion::multiversion;

/// How many probabilities are summed at a time when an item is drawn.
const BLOCK: usize = 64;

/// Replaces every logit z by `limit * tanh(z / limit)`; a limit of 0 changes nothing.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn clamp_logits(logits: &mut [f32], limit: f32) {
    if limit > 0.0 {
        let scale = 1.0 / limit;
        for z in logits {
            *z = limit * tanh_of(*z * scale);
        }
    }
}

/// Draws an item from the softmax of `logits` (minus infinity: never) by one uniform number in `[0, 1)`; returns the
/// item and the natural logarithm of its probability. The logits are used up.
///
/// # Panics
/// If every logit is minus infinity.
pub fn draw_from_softmax(logits: &mut [f32], uniform: f64) -> (usize, f32) {
    let max = largest(logits);
    assert!(max > f32::NEG_INFINITY, "no item is available");
    logits.iter_mut().for_each(|z| *z -= max);
    exp_in_place(logits);
    let total: f64 = logits.chunks(BLOCK).map(|block| f64::from(sum(block))).sum();
    let mut rest = uniform * total;
    let mut chosen = None;
    'blocks: for (index, block) in logits.chunks(BLOCK).enumerate() {
        let weight = f64::from(sum(block));
        if rest >= weight {
            rest -= weight;
            continue;
        }
        for (offset, &e) in block.iter().enumerate() {
            if e > 0.0 {
                chosen = Some(index * BLOCK + offset);
                if rest < f64::from(e) {
                    break 'blocks;
                }
            }
            rest -= f64::from(e);
        }
        break;
    }
    // Rounding can leave a crumb after the last item: then the last possible item is meant.
    let item = chosen.or_else(|| logits.iter().rposition(|&e| e > 0.0)).expect("the largest logit has e = 1");
    (item, (f64::from(logits[item]) / total).ln() as f32)
}

/// What a softmax over clamped logits says: log(sum(exp)), and the entropy in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftmaxRow {
    /// Logarithm of the normaliser: log p(item) = logit - log_sum.
    pub log_sum: f32,
    /// Entropy of the distribution.
    pub entropy: f32,
}

/// Writes the probabilities of `logits` and returns the row's normaliser and entropy.
///
/// # Panics
/// If the lengths differ.
pub fn softmax_row(logits: &[f32], probabilities: &mut [f32]) -> SoftmaxRow {
    let max = largest(logits);
    probabilities.iter_mut().zip(logits).for_each(|(p, z)| *p = z - max);
    exp_in_place(probabilities);
    let total: f64 = probabilities.chunks(BLOCK).map(|block| f64::from(sum(block))).sum();
    let scale = (1.0 / total) as f32;
    probabilities.iter_mut().for_each(|p| *p *= scale);
    let log_sum = max + total.ln() as f32;
    let blocks = probabilities.chunks(BLOCK).zip(logits.chunks(BLOCK));
    let mean_logit: f64 = blocks.map(|(p, z)| f64::from(crate::dot(p, z))).sum();
    SoftmaxRow { log_sum, entropy: (f64::from(log_sum) - mean_logit) as f32 }
}

/// The part of a policy loss that one row carries: `-action_scale * log p(action) - entropy_scale * entropy`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadLoss {
    /// The item whose probability matters.
    pub action: usize,
    /// Factor of its log-probability.
    pub action_scale: f32,
    /// Factor of the entropy.
    pub entropy_scale: f32,
    /// The clamp of the logits; 0 for none.
    pub limit: f32,
}

/// Turns a row of clamped logits into the loss's gradient by the logits *before* the clamp.
///
/// # Panics
/// If the lengths differ or there is no such action.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn head_gradient(clamped: &mut [f32], probabilities: &[f32], row: SoftmaxRow, loss: HeadLoss) {
    assert_eq!(clamped.len(), probabilities.len(), "lengths");
    let HeadLoss { action, action_scale, entropy_scale, limit } = loss;
    let slope = |z: f32| if limit > 0.0 { 1.0 - (z / limit) * (z / limit) } else { 1.0 };
    let action_slope = slope(clamped[action]);
    let shift = row.entropy - row.log_sum;
    let inverse = if limit > 0.0 { 1.0 / limit } else { 0.0 };
    for (z, &p) in clamped.iter_mut().zip(probabilities) {
        let ratio = *z * inverse;
        *z = (action_scale + entropy_scale * (*z + shift)) * p * (1.0 - ratio * ratio);
    }
    clamped[action] -= action_scale * action_slope;
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn largest(values: &[f32]) -> f32 {
    let (lanes, rest) = values.as_chunks::<16>();
    let mut best = [f32::NEG_INFINITY; 16];
    for chunk in lanes {
        for lane in 0..16 {
            best[lane] = if chunk[lane] > best[lane] { chunk[lane] } else { best[lane] };
        }
    }
    best.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
}

/// A sum in a fixed order.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn sum(values: &[f32]) -> f32 {
    let (lanes, rest) = values.as_chunks::<16>();
    let mut sums = [0.0f32; 16];
    for chunk in lanes {
        for lane in 0..16 {
            sums[lane] += chunk[lane];
        }
    }
    sums.iter().chain(rest).sum()
}
