//! Drawing one of several tokens.

use llm::Sampling;
use mdp::Rng;
use rand::RngExt as _;

/// What tells this use of randomness from others with the same seed.
const STREAM: u64 = 0x67_67_75_66;

/// The generator of one request.
pub(crate) fn generator(sampling: &Sampling) -> Rng {
    mdp::rng_for(sampling.seed, &[STREAM])
}

/// Log-probabilities of logits, in f64.
pub(crate) fn log_normaliser(logits: &[f32]) -> f64 {
    let largest = logits.iter().fold(f32::NEG_INFINITY, |largest, &logit| largest.max(logit));
    let mut shifted: Vec<f32> = logits.iter().map(|logit| logit - largest).collect();
    kernels::exp_in_place(&mut shifted);
    f64::from(largest) + shifted.iter().map(|&value| f64::from(value)).sum::<f64>().ln()
}

/// Draws an index of `logits`; the first of equals if greedy.
pub(crate) fn draw(logits: &[f32], sampling: &Sampling, rng: &mut Rng) -> usize {
    let is_greedy = sampling.temperature.is_nan() || sampling.temperature <= 0.0;
    if is_greedy || logits.len() < 2 {
        return greedy(logits);
    }
    let temperature = f64::from(sampling.temperature);
    let largest = f64::from(logits[greedy(logits)]);
    let weight = |i: usize| ((f64::from(logits[i]) - largest) / temperature).exp();
    let mut weights: Vec<(f64, usize)> = (0..logits.len()).map(|i| (weight(i), i)).collect();
    let total: f64 = weights.iter().map(|(weight, _)| weight).sum();
    if sampling.top_p < 1.0 {
        weights.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut sum = 0.0;
        let wanted = f64::from(sampling.top_p) * total;
        let n_before = weights.iter().take_while(|(weight, _)| {
            sum += weight;
            sum < wanted
        });
        let n_kept = n_before.count() + 1;
        weights.truncate(n_kept);
    }
    let kept: f64 = weights.iter().map(|(weight, _)| weight).sum();
    let mut left = rng.random::<f64>() * kept;
    for &(weight, i) in &weights {
        left -= weight;
        if left < 0.0 {
            return i;
        }
    }
    weights.last().map_or(0, |&(_, i)| i)
}

fn greedy(logits: &[f32]) -> usize {
    let better = |best: usize, i: usize| if logits[i] > logits[best] { i } else { best };
    (1..logits.len()).fold(0, better)
}

#[cfg(test)]
mod tests;
