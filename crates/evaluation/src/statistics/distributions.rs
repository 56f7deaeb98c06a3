//! The normal distribution and Student's t: distribution functions in closed form, quantiles by bisection.

use std::f64::consts::{FRAC_2_PI, PI};

/// P(|T| <= t) for t >= 0 and a whole number of degrees of freedom; absolute error about 1e-15.
///
/// # Source
/// Abramowitz & Stegun 1964, 26.7.3 and 26.7.4: the incomplete beta function is a finite sum there.
fn t_within(t: f64, freedom: usize) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let is_odd = freedom % 2 == 1;
    let first = if is_odd { 3 } else { 2 };
    let mut term = if is_odd { cosine } else { 1.0 };
    let mut sum = if freedom == 1 { 0.0 } else { term };
    for j in (first..freedom.saturating_sub(1)).step_by(2) {
        term *= (j - 1) as f64 / j as f64 * cosine * cosine;
        sum += term;
    }
    if is_odd { FRAC_2_PI * (angle + sine * sum) } else { sine * sum }
}

/// How likely Student's t with `freedom` degrees of freedom is at least as far from zero as `t`.
pub(crate) fn t_two_sided(t: f64, freedom: usize) -> f64 {
    (1.0 - t_within(t.abs(), freedom)).clamp(0.0, 1.0)
}

/// The quantile of Student's t at `p`, strictly between 0 and 1.
pub fn t_quantile(p: f64, freedom: usize) -> f64 {
    let within = (2.0 * p - 1.0).abs();
    first_above(|t| t_within(t, freedom) >= within).copysign(p - 0.5)
}

/// P(Z <= x) of the standard normal; absolute error below 1e-15.
///
/// # Source
/// Marsaglia 2004, "Evaluating the normal distribution": the Taylor series of the integral over its derivative.
pub fn normal_cdf(x: f64) -> f64 {
    if x.is_nan() || x.abs() > 9.0 {
        return if x.is_nan() { x } else { f64::from(x > 0.0) };
    }
    let (mut sum, mut before, mut term, mut odd) = (x, f64::NAN, x, 1.0);
    while sum != before {
        before = sum;
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// The quantile of the standard normal at `p`; infinite at 0 and 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return if p <= 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let upper = p.max(1.0 - p);
    first_above(|x| normal_cdf(x) >= upper).copysign(p - 0.5)
}

/// The smallest number above zero for which a condition holds that holds from there on.
pub(crate) fn first_above(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while !holds(high) && high < f64::MAX / 4.0 {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return high;
        }
        if holds(middle) { high = middle } else { low = middle }
    }
}
