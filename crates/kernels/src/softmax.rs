//! Softmax over a catalogue.

use crate::exp_in_place;

/// Turns logits into probabilities and returns log(sum(exp(logits))). Minus infinity masks an item out.
///
/// # Panics
/// If every logit is minus infinity.
pub fn softmax_in_place(logits: &mut [f32]) -> f32 {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    assert!(max > f32::NEG_INFINITY, "no item is available");
    logits.iter_mut().for_each(|z| *z -= max);
    exp_in_place(logits);
    let sum: f64 = logits.iter().map(|&e| f64::from(e)).sum();
    let scale = (1.0 / sum) as f32;
    logits.iter_mut().for_each(|p| *p *= scale);
    max + sum.ln() as f32
}

/// Turns logits into logarithms of probabilities. Minus infinity masks an item out, and stays.
///
/// # Panics
/// If every logit is minus infinity.
pub fn log_softmax_in_place(logits: &mut [f32]) {
    let log_sum = log_sum_exp(logits);
    assert!(log_sum > f32::NEG_INFINITY, "no item is available");
    logits.iter_mut().for_each(|z| *z -= log_sum);
}

/// log(sum(exp(values))) without changing them.
pub fn log_sum_exp(values: &[f32]) -> f32 {
    let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if max == f32::NEG_INFINITY {
        return max;
    }
    let sum: f64 = values.iter().map(|&z| f64::from((z - max).exp())).sum();
    max + sum.ln() as f32
}
