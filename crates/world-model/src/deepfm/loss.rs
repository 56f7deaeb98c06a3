//! The Gaussian loss with a learned variance.

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
/// Spec B.2; under `pointneg` the sampled cells are rows of the same batch with their own target.
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
