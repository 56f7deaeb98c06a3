//! Users who were not there when the ensemble was fitted: only their rows are found, all else is frozen.
//!
//! The row is the most probable one under a normal prior with the mean and covariance of the fitted users' rows
//! and the network's own noise variance, found by a few damped Gauss-Newton steps on the 9 numbers.

use super::ensemble::DeepFmEnsemble;
use super::gradient::{DenseGradient, backward};
use super::network::DeepFm;
use super::scorer::Scorer;
use crate::linear::{inverse_positive, solve_positive};
use mdp::{Interaction, UserIdx};
use rayon::prelude::*;

const N_STEPS: usize = 8;

impl DeepFmEnsemble {
    /// Gives rows to users who have none: `fitted` are the users whose rows were fitted (they make the prior),
    /// `newcomers` those to be folded in, with what they rated. A user without ratings gets the mean row.
    pub fn fold_in(&mut self, fitted: &[UserIdx], newcomers: &[(UserIdx, &[Interaction])]) {
        self.members.par_iter_mut().for_each(|member| {
            let prior = Prior::of(&member.network, fitted);
            let rows: Vec<Vec<f32>> =
                newcomers.iter().map(|(_, ratings)| most_probable_row(member, &prior, ratings)).collect();
            for ((user, _), row) in newcomers.iter().zip(rows) {
                member.network.users.row_mut(user.index()).copy_from_slice(&row);
            }
        });
    }
}

/// A normal distribution over user rows.
#[derive(Debug)]
struct Prior {
    mean: Vec<f64>,
    /// `[width, width]`.
    precision: Vec<f64>,
}

impl Prior {
    fn of(network: &DeepFm, fitted: &[UserIdx]) -> Self {
        let width = network.users.width;
        let n = fitted.len().max(1) as f64;
        let mut mean = vec![0.0; width];
        for user in fitted {
            let row = network.users.row(user.index());
            mean.iter_mut().zip(row).for_each(|(m, &x)| *m += f64::from(x) / n);
        }
        let mut covariance = vec![0.0; width * width];
        for user in fitted {
            let row = network.users.row(user.index());
            let off: Vec<f64> = row.iter().zip(&mean).map(|(&x, m)| f64::from(x) - m).collect();
            for (at, cell) in covariance.iter_mut().enumerate() {
                *cell += off[at / width] * off[at % width] / n;
            }
        }
        for side in 0..width {
            covariance[side * width + side] += 1e-4;
        }
        Self { precision: inverse_positive(&covariance, width), mean }
    }

    /// The precision-weighted distance from the mean, and its gradient half.
    fn pull(&self, row: &[f64]) -> (f64, Vec<f64>) {
        let width = self.mean.len();
        let off: Vec<f64> = row.iter().zip(&self.mean).map(|(x, m)| x - m).collect();
        let gradient: Vec<f64> = (0..width)
            .map(|r| self.precision[r * width..(r + 1) * width].iter().zip(&off).map(|(p, o)| p * o).sum())
            .collect();
        (off.iter().zip(&gradient).map(|(o, g)| o * g).sum(), gradient)
    }
}

/// Predictions for one row on the rated items, with the derivative of each mean by the row.
struct Linearised {
    residuals: Vec<f64>,
    precisions: Vec<f64>,
    /// `[ratings, width]`.
    slopes: Vec<f32>,
}

fn linearise(member: &Scorer, row: &[f64], ratings: &[Interaction]) -> Linearised {
    let network = &member.network;
    let row: Vec<f32> = row.iter().map(|&x| x as f32).collect();
    let users = row.repeat(ratings.len());
    let items: Vec<f32> = ratings.iter().flat_map(|rating| member.item_row(rating.item).to_vec()).collect();
    let trace = network.forward(&users, &items);
    let (ones, zeros) = (vec![1.0; ratings.len()], vec![0.0; ratings.len()]);
    let mut unused = DenseGradient::zero(network);
    let slopes = backward(network, &trace, &ones, &zeros, &mut unused).users;
    let residuals = trace.means.iter().zip(ratings).map(|(m, r)| f64::from(r.rating - m)).collect();
    let precisions = trace.log_variances.iter().map(|&l| f64::from(-l).exp()).collect();
    Linearised { residuals, precisions, slopes }
}

fn objective(linearised: &Linearised, precisions: &[f64], prior: &Prior, row: &[f64]) -> f64 {
    let fit: f64 = linearised.residuals.iter().zip(precisions).map(|(r, p)| r * r * p).sum();
    fit + prior.pull(row).0
}

fn most_probable_row(member: &Scorer, prior: &Prior, ratings: &[Interaction]) -> Vec<f32> {
    let mut row = prior.mean.clone();
    if !ratings.is_empty() {
        let mut here = linearise(member, &row, ratings);
        let precisions = here.precisions.clone(); // noise stays as at the mean row, so that the objective is one
        let mut damping = 1e-3;
        for _ in 0..N_STEPS {
            let next = newton_step(&here, &precisions, prior, &row, damping);
            let there = linearise(member, &next, ratings);
            if objective(&there, &precisions, prior, &next) < objective(&here, &precisions, prior, &row) {
                (row, here, damping) = (next, there, damping * 0.3);
            } else {
                damping *= 10.0;
            }
        }
    }
    row.iter().map(|&x| x as f32).collect()
}

fn newton_step(here: &Linearised, precisions: &[f64], prior: &Prior, row: &[f64], damping: f64) -> Vec<f64> {
    let width = row.len();
    let mut curvature = prior.precision.clone();
    let mut slope: Vec<f64> = prior.pull(row).1.iter().map(|g| -g).collect();
    for ((by_row, residual), precision) in
        here.slopes.chunks_exact(width).zip(&here.residuals).zip(precisions)
    {
        for r in 0..width {
            let weighted = precision * f64::from(by_row[r]);
            slope[r] += weighted * residual;
            for c in 0..=r {
                curvature[r * width + c] += weighted * f64::from(by_row[c]);
            }
        }
    }
    for side in 0..width {
        curvature[side * width + side] *= 1.0 + damping;
    }
    solve_positive(&mut curvature, &mut slope);
    row.iter().zip(&slope).map(|(x, step)| x + step).collect()
}
