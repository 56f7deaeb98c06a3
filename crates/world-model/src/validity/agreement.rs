//! Rank correlation with intervals over users.

use evaluation::{Interval, spearman};
use mdp::rng_for;
use rand::RngExt as _;

/// `[policies][users]`
pub(super) type Table = Vec<Vec<f64>>;

const STREAM: u64 = 0x7661_6c69;
const N_RESAMPLES: usize = 1000;

/// Resamples of users.
pub(super) struct Users {
    n: usize,
    draws: Vec<Vec<usize>>,
}

impl Users {
    pub(super) fn draw(n: usize, seed: u64) -> Self {
        let rng = &mut rng_for(seed, &[STREAM, 0]);
        let draws = (0..N_RESAMPLES).map(|_| (0..n).map(|_| rng.random_range(0..n)).collect());
        Self { n, draws: draws.collect() }
    }

    /// Spearman's correlation of the policies' means in both tables, of the policies that `counts`.
    pub(super) fn agreement(&self, a: &Table, b: &Table, counts: impl Fn(usize) -> bool) -> Interval {
        let policies: Vec<usize> = (0..a.len()).filter(|policy| counts(*policy)).collect();
        self.interval(|users| {
            let means = |table: &Table| -> Vec<f64> {
                let mean = |policy: &usize| users.iter().map(|user| table[*policy][*user]).sum::<f64>();
                policies.iter().map(mean).collect()
            };
            spearman(&means(a), &means(b))
        })
    }

    /// The sum of the firsts over the sum of the seconds, `[users]`; `otherwise` where there is nothing.
    pub(super) fn ratio(&self, parts: &[(f64, f64)], otherwise: f64) -> Interval {
        self.interval(|users| {
            let sums = users.iter().fold((0.0, 0.0), |sum, user| {
                let (won, asked) = parts[*user];
                (sum.0 + won, sum.1 + asked)
            });
            if sums.1 > 0.0 { sums.0 / sums.1 } else { otherwise }
        })
    }

    fn interval(&self, statistic: impl Fn(&[usize]) -> f64) -> Interval {
        let everybody: Vec<usize> = (0..self.n).collect();
        let mut drawn: Vec<f64> = self.draws.iter().map(|users| statistic(users)).collect();
        drawn.sort_by(f64::total_cmp);
        let outside = N_RESAMPLES / 40;
        Interval { mean: statistic(&everybody), lo: drawn[outside], hi: drawn[N_RESAMPLES - 1 - outside] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_its_mean_and_shrinks_with_users() {
        let of = |n: usize| {
            let parts: Vec<(f64, f64)> =
                (0..n).map(|user| (f64::from(u8::from(user % 3 == 0)), 1.0)).collect();
            Users::draw(n, 5).ratio(&parts, 0.5)
        };
        let (few, many) = (of(30), of(3000));
        for found in [few, many] {
            assert!((found.mean - 1.0 / 3.0).abs() < 1e-9 && found.lo < found.mean && found.mean < found.hi);
        }
        assert!(many.hi - many.lo < 0.3 * (few.hi - few.lo));
    }
}
