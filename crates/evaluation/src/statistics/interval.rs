//! Intervals of a mean over draws: Student's t over the draws' means, and BCa with users resampled within draws.

use super::distributions::{normal_cdf, normal_quantile, t_quantile};
use super::draw::{self, Draw};
use crate::bootstrap::quantile;
use crate::{BootstrapPlan, EvaluationError, Interval};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

/// A mean over draws, each counting the same whatever its number of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverDraws {
    /// The mean over users of every draw, in the given order.
    pub means: Vec<f64>,
    /// Standard deviation of `means`, with n - 1 below.
    pub deviation: f64,
    /// The interval of Student's t with n - 1 degrees of freedom: the one to tell.
    pub student_t: Interval,
    /// The BCa interval, to look at beside it where draws are many and skewed; with few draws it is too narrow.
    pub bca: Interval,
}

impl OverDraws {
    /// The standard error of the mean.
    pub fn standard_error(&self) -> f64 {
        self.deviation / (self.means.len() as f64).sqrt()
    }
}

/// The mean of one policy over draws with both intervals.
///
/// # Errors
/// If there are fewer than two draws, one is there twice or has no user, a value is not finite, or the plan gives no
/// interval.
///
/// # Source
/// Efron 1987 (BCa: bias from the resamples below the mean, acceleration from leaving out one draw at a time); Davison
/// & Hinkley 1997, section 3.8 (resampling clusters, then what is within).
pub fn mean_over_draws(draws: &[Draw], plan: &BootstrapPlan) -> Result<OverDraws, EvaluationError> {
    plan.check()?;
    draw::check(draws)?;
    let means: Vec<f64> = draws.iter().map(Draw::mean).collect();
    let (student_t, deviation) = student_t(&means, plan.level);
    let bca = bca(draws, &means, student_t.mean, plan);
    Ok(OverDraws { means, deviation, student_t, bca })
}

/// Student's t over values of the same weight, two at least, with their standard deviation (n - 1 below).
pub fn student_t(values: &[f64], level: f64) -> (Interval, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let half = t_quantile(f64::midpoint(1.0, level), values.len() - 1) * deviation / n.sqrt();
    (Interval { mean, lo: mean - half, hi: mean + half }, deviation)
}

fn bca(draws: &[Draw], means: &[f64], mean: f64, plan: &BootstrapPlan) -> Interval {
    let resampled = resampled_means(draws, plan);
    let n = resampled.len() as f64;
    // Ties count half, so that values which never differ give no bias; the ends are those of half a resample.
    let below: f64 =
        resampled.iter().map(|&value| f64::from(value < mean) + 0.5 * f64::from(value == mean)).sum();
    let bias = normal_quantile(below.clamp(0.5, n - 0.5) / n);
    // Leaving out draw i moves the mean by (mean - means[i]) / (n - 1): the factor cancels.
    let moved = |power: i32| means.iter().map(|value| (value - mean).powi(power)).sum::<f64>();
    let spread = moved(2).powf(1.5);
    let acceleration = if spread > 0.0 { moved(3) / (6.0 * spread) } else { 0.0 };
    let end = |share: f64| {
        let shifted = bias + normal_quantile(share);
        let rest = 1.0 - acceleration * shifted;
        let at = if rest > 0.0 { normal_cdf(bias + shifted / rest) } else { f64::from(shifted > 0.0) };
        quantile(&resampled, at)
    };
    let tail = (1.0 - plan.level) / 2.0;
    Interval { mean, lo: end(tail), hi: end(1.0 - tail) }
}

/// Means of resamples, ascending: as many draws with replacement, and within each as many of its users.
fn resampled_means(draws: &[Draw], plan: &BootstrapPlan) -> Vec<f64> {
    let values: Vec<Vec<f64>> = draws.iter().map(|draw| draw.values.values().copied().collect()).collect();
    let mut rng = mdp::rng_for(plan.seed, &[0x0BCA]);
    let mut resample = || {
        let mut sum = 0.0;
        for _ in 0..values.len() {
            let users = &values[rng.random_range(0..values.len())];
            let within: f64 = (0..users.len()).map(|_| users[rng.random_range(0..users.len())]).sum();
            sum += within / users.len() as f64;
        }
        sum / values.len() as f64
    };
    let mut out: Vec<f64> = (0..plan.n_resamples).map(|_| resample()).collect();
    out.sort_by(f64::total_cmp);
    out
}
