//! The odds of a choice against a sampled cell: a logistic regression over bent lines of a score and of popularity.

use serde::{Deserialize, Serialize};

/// Features: one, score, popularity, their product, positive scores, choices beyond the first, and bends of both.
pub(super) const N: usize = 6 + N_BENDS_OF_SCORE + N_BENDS_OF_POPULARITY;
const N_BENDS_OF_SCORE: usize = 3;
const N_BENDS_OF_POPULARITY: usize = 2;
/// At which shares of the fitted cells lines bend.
const BENDS_OF_SCORE: [f64; N_BENDS_OF_SCORE] = [0.25, 0.5, 0.75];
const BENDS_OF_POPULARITY: [f64; N_BENDS_OF_POPULARITY] = [0.33, 0.66];
/// The popularity of an item that one user chose: in long tails many items are known from one choice or none.
const ONE_CHOICE: f64 = std::f64::consts::LN_2;
/// Share of the sampled cells that are drawn uniformly; the others are drawn as often as items are chosen, so that odds say
/// more than what is popular.
pub(super) const UNIFORM: f64 = 0.1;
/// Weights are held towards 0 by as much as this many cells would.
const RIDGE: f64 = 1.0;
const N_STEPS: usize = 30;

/// A cell that the odds are fitted to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    /// The item-item score over the user's spread.
    pub(super) score: f64,
    /// How many users chose the item.
    pub(super) count: u32,
    /// Whether it was chosen (else sampled).
    pub(super) is_chosen: bool,
}

/// Fitted odds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Odds {
    weights: [f64; N],
    bends_of_score: [f64; N_BENDS_OF_SCORE],
    bends_of_popularity: [f64; N_BENDS_OF_POPULARITY],
    /// Choices for an item of the catalogue, in the mean.
    mean_count: f64,
}

impl Odds {
    /// Fits by Newton's method. `mean_count` is the mean of the items' counts.
    pub(super) fn fit(cells: &[Cell], mean_count: f64) -> Self {
        let mut out = Self {
            weights: [0.0; N],
            bends_of_score: at_shares(cells.iter().map(|cell| squeezed(cell.score)), BENDS_OF_SCORE),
            bends_of_popularity: at_shares(
                cells.iter().map(|cell| popularity(cell.count)),
                BENDS_OF_POPULARITY,
            ),
            mean_count,
        };
        let rows: Vec<([f64; N], f64)> = cells
            .iter()
            .map(|cell| (out.features(cell.score, cell.count), f64::from(u8::from(cell.is_chosen))))
            .collect();
        for _ in 0..N_STEPS {
            out.step(&rows);
        }
        out
    }

    /// One step of Newton's method; none where the Hessian is singular.
    fn step(&mut self, rows: &[([f64; N], f64)]) {
        let mut gradient: [f64; N] = self.weights.map(|weight| -RIDGE * weight);
        let mut hessian = [0.0; N * N];
        hessian.iter_mut().step_by(N + 1).for_each(|diagonal| *diagonal = RIDGE);
        for (x, chosen) in rows {
            let p = sigmoid(dot(x, &self.weights));
            for a in 0..N {
                gradient[a] += (chosen - p) * x[a];
                (0..N).for_each(|b| hessian[N * a + b] += p * (1.0 - p) * x[a] * x[b]);
            }
        }
        if kernels::invert_positive_definite(&mut hessian, N) {
            for a in 0..N {
                self.weights[a] += (0..N).map(|b| hessian[N * a + b] * gradient[b]).sum::<f64>();
            }
        }
    }

    /// The logarithm of the odds against sampled cells: what the fit sees.
    pub(super) fn sampled_logit(&self, score: f64, count: u32) -> f64 {
        dot(&self.features(score, count), &self.weights)
    }

    /// The logarithm of the odds of a choice, up to a constant: the above, corrected for how often an item is sampled.
    pub(super) fn logit(&self, score: f64, count: u32) -> f64 {
        let rate = UNIFORM + (1.0 - UNIFORM) * f64::from(count) / self.mean_count;
        self.sampled_logit(score, count) + rate.ln()
    }

    fn features(&self, score: f64, count: u32) -> [f64; N] {
        let (s, p) = (squeezed(score), popularity(count));
        let mut out = [0.0; N];
        out[..6].copy_from_slice(&[1.0, s, p, s * p, s.max(0.0), (p - ONE_CHOICE).max(0.0)]);
        let bends = self.bends_of_score.iter().map(|bend| s - bend);
        let bends = bends.chain(self.bends_of_popularity.iter().map(|bend| p - bend));
        out[6..].iter_mut().zip(bends).for_each(|(out, over)| *out = over.max(0.0));
        out
    }

    /// Whether every number is one.
    pub(super) fn is_finite(&self) -> bool {
        let all = self.weights.iter().chain(&self.bends_of_score).chain(&self.bends_of_popularity);
        all.chain([&self.mean_count]).all(|x| x.is_finite()) && self.mean_count > 0.0
    }
}

/// Scores have long tails.
fn squeezed(score: f64) -> f64 {
    score.asinh()
}

fn popularity(count: u32) -> f64 {
    f64::from(count).ln_1p()
}

/// The values below which these shares of all lie.
fn at_shares<const M: usize>(values: impl Iterator<Item = f64>, shares: [f64; M]) -> [f64; M] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    shares.map(|share| values.get((share * values.len() as f64) as usize).copied().unwrap_or(0.0))
}

fn dot(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

pub(super) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}
