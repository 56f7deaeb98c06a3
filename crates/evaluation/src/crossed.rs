//! Intervals of means over training seeds crossed with users: every training is judged on the same users.

use crate::statistics::student_t;
use crate::{CONFIDENCE, Interval};

/// The mean of `ours` less that of `theirs`, both `[training seed][user]` of the same users; `theirs` may have no training seed
/// and is 0 then. What it is off by comes from users and from trainings of either policy, three means with a t interval each, whose
/// half widths are squared and added. What there is one of says nothing of another one and adds nothing.
///
/// # Source
/// Zou & Donner 2008 (square and add). Sums of variances with their own t quantiles err on the safe side: Mickey & Brown 1966.
pub(crate) fn interval(ours: &[Vec<f64>], theirs: &[Vec<f64>]) -> Interval {
    let mean = grand_mean(ours) - grand_mean(theirs);
    let n_users = ours.first().map_or(0, Vec::len);
    let over_seeds = |table: &[Vec<f64>], user: usize| mean_of(table.iter().map(|seed| seed[user]));
    let users = (0..n_users).map(|user| over_seeds(ours, user) - over_seeds(theirs, user));
    let seeds =
        |table: &[Vec<f64>]| -> Vec<f64> { table.iter().map(|seed| mean_of(seed.iter().copied())).collect() };
    let halves =
        [half_width(&users.collect::<Vec<_>>()), half_width(&seeds(ours)), half_width(&seeds(theirs))];
    let half = halves.iter().map(|half| half * half).sum::<f64>().sqrt();
    Interval { mean, lo: mean - half, hi: mean + half }
}

/// Sum of `above` over sum of `below`, `[training seed][user]` both.
///
/// # Source
/// The delta method: the interval is that of the mean of `(above - ratio below) / mean below`.
pub(crate) fn ratio(above: &[Vec<f64>], below: &[Vec<f64>]) -> Interval {
    let scale = grand_mean(below);
    let ratio = grand_mean(above) / scale;
    let off = above.iter().zip(below).map(|(above, below)| {
        above.iter().zip(below).map(|(above, below)| (above - ratio * below) / scale).collect()
    });
    let around_zero = interval(&off.collect::<Vec<_>>(), &[]);
    let half = (around_zero.hi - around_zero.lo) / 2.0;
    Interval { mean: ratio, lo: ratio - half, hi: ratio + half }
}

fn half_width(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let (interval, _) = student_t(values, CONFIDENCE);
    interval.hi - interval.mean
}

fn grand_mean(table: &[Vec<f64>]) -> f64 {
    let n: usize = table.iter().map(Vec::len).sum();
    table.iter().map(|seed| seed.iter().sum::<f64>()).sum::<f64>() / n.max(1) as f64
}

/// 0 of nothing.
fn mean_of(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len().max(1);
    values.sum::<f64>() / n as f64
}
