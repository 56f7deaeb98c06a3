//! The losses with a learned variance: by cell, and by pairs of a logged and a sampled cell.

use super::config::Loss;
use super::network::Trace;

/// The loss of a batch and its derivatives by mean and log-variance, `[batch]` each.
#[derive(Clone, Debug)]
pub(crate) struct LossGradient {
    /// The sum over the batch; what the gradient check differentiates.
    pub(crate) total: f64,
    pub(crate) by_mean: Vec<f32>,
    pub(crate) by_log_variance: Vec<f32>,
}

/// The sum of `(mean - target)^2 e^-l + l` over the batch, l the log-variance: twice the negative
/// log-likelihood of a normal distribution, up to a constant.
///
/// # Source
/// `docs/spec/world-model.md#loss`; under `pointneg` the sampled cells are rows of the same batch with their own
/// target.
pub(crate) fn gaussian(trace: &Trace, targets: &[f32]) -> LossGradient {
    let mut out = LossGradient { total: 0.0, by_mean: Vec::new(), by_log_variance: Vec::new() };
    for ((&mean, &l), &target) in trace.means.iter().zip(&trace.log_variances).zip(targets) {
        let (error, precision) = (mean - target, (-l).exp());
        let scaled = error * error * precision;
        out.total += f64::from(scaled + l);
        out.by_mean.push(2.0 * error * precision);
        out.by_log_variance.push(1.0 - scaled);
    }
    out
}

/// What a batch costs under a loss. Under all but `point` the second half of the batch are the cells that were
/// sampled for the first.
pub(crate) fn of_batch(loss: Loss, trace: &Trace, targets: &[f32]) -> LossGradient {
    match loss {
        Loss::Point | Loss::Pointneg => gaussian(trace, targets),
        Loss::Pair => pairwise(trace),
        Loss::Pp => {
            let mut out = pairwise(trace);
            out.total *= PAIR_SHARE;
            out.by_mean.iter_mut().chain(&mut out.by_log_variance).for_each(|x| *x *= PAIR_SHARE as f32);
            let positives = gaussian(trace, &targets[..targets.len() / 2]);
            out.total += positives.total;
            for (sum, x) in out.by_mean.iter_mut().zip(&positives.by_mean) {
                *sum += x;
            }
            for (sum, x) in out.by_log_variance.iter_mut().zip(&positives.by_log_variance) {
                *sum += x;
            }
            out
        }
    }
}

/// What the pairs count beside the logged cells under `pp`.
const PAIR_SHARE: f64 = 0.5;

/// The sum over pairs of `-log sigma(mean+ - mean-) e^-(l+ + l-) + l+ + l-`, l the log-variances.
///
/// # Source
/// `docs/spec/world-model.md#loss`: Bayesian personalised ranking (Rendle et al. 2009), weighed by both precisions.
pub(crate) fn pairwise(trace: &Trace) -> LossGradient {
    let n = trace.means.len();
    let n_pairs = n / 2;
    let mut out = LossGradient { total: 0.0, by_mean: vec![0.0; n], by_log_variance: vec![0.0; n] };
    for positive in 0..n_pairs {
        let negative = n_pairs + positive;
        let lead = trace.means[positive] - trace.means[negative];
        let both = trace.log_variances[positive] + trace.log_variances[negative];
        let precision = (-both).exp();
        // -log sigma(x) = softplus(-x), and its slope is -sigma(-x).
        let surprise = (-lead).max(0.0) + (-lead.abs()).exp().ln_1p();
        let slope = precision / (1.0 + lead.exp());
        out.total += f64::from(surprise * precision + both);
        (out.by_mean[positive], out.by_mean[negative]) = (-slope, slope);
        out.by_log_variance[positive] = 1.0 - surprise * precision;
        out.by_log_variance[negative] = out.by_log_variance[positive];
    }
    out
}
