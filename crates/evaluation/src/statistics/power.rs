//! What so many draws could have found.

use super::distributions::{first_above, normal_cdf, t_quantile};

/// The chance of a false finding at which power is told.
pub const LEVEL: f64 = 0.05;

/// The chance with which a difference of the told size is found.
pub const POWER: f64 = 0.8;

/// Steps of the integral over the estimated deviation.
const N_STEPS: usize = 2000;

/// The smallest true difference that [`super::contrast`] calls a difference at level 0.05 with probability 0.8, in the
/// unit of `deviation`, which is the standard deviation of the differences between draws. None for fewer than two draws.
/// The deviation is taken as known: estimated from three draws it may be wrong by a factor of two or more.
///
/// # Source
/// Power of the t test by the noncentral t distribution (Cohen 1988), integrated over the estimated deviation.
pub fn minimum_detectable_difference(deviation: f64, n_draws: usize) -> Option<f64> {
    let freedom = n_draws.checked_sub(1).filter(|&freedom| freedom > 0)?;
    let shift = first_above(|shift| power(shift, freedom) >= POWER);
    Some(shift * deviation / (n_draws as f64).sqrt())
}

/// Power where the true difference is `shift` standard errors: the mean of Phi(shift - c w) + Phi(-shift - c w) over w,
/// the estimated deviation as a multiple of the true one, whose density is proportional to w^(f - 1) exp(-f w^2 / 2).
fn power(shift: f64, freedom: usize) -> f64 {
    let (critical, freedom) = (t_quantile(1.0 - LEVEL / 2.0, freedom), freedom as f64);
    let (mut found, mut total) = (0.0, 0.0);
    for step in 0..N_STEPS {
        let w = (step as f64 + 0.5) * 8.0 / N_STEPS as f64;
        let density = ((freedom - 1.0) * w.ln() - freedom * (w * w - 1.0) / 2.0).exp();
        let limit = critical * w;
        found += density * (normal_cdf(shift - limit) + normal_cdf(-shift - limit));
        total += density;
    }
    found / total
}
