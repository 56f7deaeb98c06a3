//! Summaries that no single user or draw can move far, as `rliable` defines them.

use super::Draw;
use std::collections::BTreeMap;

/// The interquartile mean of all values, users of all draws in one list: a quarter of them (rounded down) is cut away at
/// either end. None without values.
///
/// # Source
/// Agarwal et al. 2021; `rliable.metrics.aggregate_iqm`, which is `scipy.stats.trim_mean(scores, 0.25)`.
pub fn interquartile_mean(draws: &[Draw]) -> Option<f64> {
    let mut values: Vec<f64> = draws.iter().flat_map(|draw| draw.values.values().copied()).collect();
    values.sort_by(f64::total_cmp);
    let cut = values.len() / 4;
    let kept = &values[cut..values.len() - cut];
    (!kept.is_empty()).then(|| kept.iter().sum::<f64>() / kept.len() as f64)
}

/// How likely `x` is better than `y` for a user drawn at random, each in a draw of its own: the mean over users of the
/// Mann-Whitney statistic over the number of pairs of draws, ties counting half. Users are the tasks of `rliable`, draws
/// its runs; a user counts who has a value of both, in whichever draws. None without such users.
///
/// # Source
/// Agarwal et al. 2021; `rliable.metrics.probability_of_improvement`.
pub fn probability_of_improvement(x: &[Draw], y: &[Draw]) -> Option<f64> {
    let (of_x, of_y) = (by_user(x), by_user(y));
    let wins = |ours: &[f64], theirs: &[f64]| {
        let pairs = ours.iter().flat_map(|a| theirs.iter().map(move |b| (a, b)));
        let wins: f64 = pairs.map(|(a, b)| f64::from(a > b) + 0.5 * f64::from(a == b)).sum();
        wins / (ours.len() * theirs.len()) as f64
    };
    let users: Vec<f64> =
        of_x.iter().filter_map(|(user, ours)| of_y.get(user).map(|theirs| wins(ours, theirs))).collect();
    (!users.is_empty()).then(|| users.iter().sum::<f64>() / users.len() as f64)
}

fn by_user(draws: &[Draw]) -> BTreeMap<&str, Vec<f64>> {
    let mut users: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (user, &value) in draws.iter().flat_map(|draw| &draw.values) {
        users.entry(user).or_default().push(value);
    }
    users
}
