//! Percentile bootstrap intervals over training seeds and users.

use crate::EvaluationError;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

/// A point estimate with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The statistic on what was observed.
    pub mean: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// How intervals are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BootstrapPlan {
    /// How many resamples.
    pub n_resamples: usize,
    /// The share of resamples inside the interval, e.g. 0.95.
    pub level: f64,
    /// Seed of the resampling; it changes intervals in the third digit, never a mean.
    pub seed: u64,
}

impl Default for BootstrapPlan {
    fn default() -> Self {
        Self { n_resamples: 2000, level: 0.95, seed: 0 }
    }
}

/// One resample: how often each user was drawn and, for every table that takes part, how often each of its
/// training seeds was.
pub(crate) struct Resample {
    pub(crate) users: Vec<f64>,
    pub(crate) seeds: Vec<Vec<f64>>,
}

impl BootstrapPlan {
    /// Refuses plans that give no interval.
    pub(crate) fn check(&self) -> Result<(), EvaluationError> {
        if self.n_resamples >= 2 && self.level > 0.0 && self.level < 1.0 {
            return Ok(());
        }
        Err(EvaluationError::BadBootstrap { n_resamples: self.n_resamples, level: self.level.to_string() })
    }

    /// Intervals of several statistics at once, from the same resamples. `n_seeds` has one entry per table;
    /// all tables have the same `n_users`. Training seeds and users are crossed (every seed was evaluated on
    /// the same users), so both are resampled independently: drawing users anew within each seed would treat
    /// them as different people and understate what we do not know about users.
    ///
    /// # Source
    /// Efron & Tibshirani 1993, chapter 13 (percentile interval); Owen 2007 (crossed factors).
    pub(crate) fn intervals<const N: usize>(
        &self,
        n_users: usize,
        n_seeds: &[usize],
        statistic: impl Fn(&Resample) -> [f64; N],
    ) -> [Interval; N] {
        let observed =
            Resample { users: vec![1.0; n_users], seeds: n_seeds.iter().map(|&n| vec![1.0; n]).collect() };
        let means = statistic(&observed);
        let mut values = vec![Vec::with_capacity(self.n_resamples); N];
        let mut rng = mdp::rng_for(self.seed, &[0xB007]);
        for _ in 0..self.n_resamples {
            let resample = Resample {
                seeds: n_seeds.iter().map(|&n| counts(n, &mut rng)).collect(),
                users: counts(n_users, &mut rng),
            };
            for (column, value) in values.iter_mut().zip(statistic(&resample)) {
                column.push(value);
            }
        }
        let tail = (1.0 - self.level) / 2.0;
        std::array::from_fn(|index| {
            values[index].sort_by(f64::total_cmp);
            Interval {
                mean: means[index],
                lo: quantile(&values[index], tail),
                hi: quantile(&values[index], 1.0 - tail),
            }
        })
    }
}

/// How often each of `n` things comes up in `n` draws with replacement; one thing always comes up once.
fn counts(n: usize, rng: &mut mdp::Rng) -> Vec<f64> {
    let mut out = vec![0.0; n];
    for _ in 0..n {
        out[if n == 1 { 0 } else { rng.random_range(0..n) }] += 1.0;
    }
    out
}

/// The quantile of sorted values, linear between neighbours.
pub(crate) fn quantile(sorted: &[f64], at: f64) -> f64 {
    let place = at * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// The mean of a column under a resample; `by_seed[seed][user]`.
pub(crate) fn drawn_mean(users: &[f64], seeds: &[f64], value: impl Fn(usize, usize) -> f64) -> f64 {
    let mut sum = 0.0;
    for (seed, &seed_count) in seeds.iter().enumerate() {
        if seed_count == 0.0 {
            continue;
        }
        let within: f64 = users.iter().enumerate().map(|(user, count)| count * value(seed, user)).sum();
        sum += seed_count * within;
    }
    sum / (users.iter().sum::<f64>() * seeds.iter().sum::<f64>())
}
