//! Alternating least squares: users given items, items given users, each a small ridge regression.

use super::config::FactorisationConfig;
use super::network::Factorisation;
use crate::linear::solve_positive;
use crate::{Rating, RatingTable, WorldError};
use mdp::rng_for;
use nn::normals;
use rayon::prelude::*;

const FACTOR_WEIGHTS: [f32; 5] = [2.0, 4.0, 8.0, 16.0, 32.0];
const BIAS_WEIGHTS: [f32; 4] = [1.0, 2.0, 4.0, 8.0];
const SLICE: f64 = 0.1;

/// Weights of squared factors and squared biases.
#[derive(Clone, Copy, Debug)]
struct Ridge {
    factors: f32,
    biases: f32,
}

impl Factorisation {
    /// Fits means by alternating least squares. A tenth of the cells chooses the weights that the settings leave
    /// open and measures the noise; then everything is fitted again on all cells. Deterministic for any number of
    /// threads.
    ///
    /// # Errors
    /// When a setting has no meaning or there is nothing to fit on.
    pub fn fit(table: &RatingTable, config: &FactorisationConfig, seed: u64) -> Result<Self, WorldError> {
        config.check()?;
        if table.cells.is_empty() {
            return Err(WorldError::TooLittleData { what: "the log has no ratings".into() });
        }
        let (rest, mut slice) = table.sliced(SLICE, seed);
        if slice.is_empty() {
            slice.clone_from(&table.cells);
        }
        let (ridge, noise) = choose(&rest, &slice, config, seed);
        let mut out = solve(table, config, ridge, seed);
        out.noise = noise.max(1e-3);
        out.fit_variance_scales(table, config.variance_shrinkage);
        Ok(out)
    }

    /// Mean squared error on given cells.
    pub fn squared_error(&self, cells: &[Rating]) -> f32 {
        let sum: f64 = cells.iter().map(|c| f64::from(c.value - self.mean(c.user, c.item)).powi(2)).sum();
        (sum / cells.len().max(1) as f64) as f32
    }

    /// Which users and items are noisier than others, from the residuals of the fitted cells.
    fn fit_variance_scales(&mut self, table: &RatingTable, shrinkage: f32) {
        let squares: Vec<f32> =
            table.cells.iter().map(|cell| (cell.value - self.mean(cell.user, cell.item)).powi(2)).collect();
        let fitted = (squares.iter().sum::<f32>() / squares.len() as f32).max(1e-6);
        let relative = |positions: &Vec<u32>| {
            let sum: f32 = positions.iter().map(|&p| squares[p as usize] / fitted).sum();
            (sum + shrinkage) / (positions.len() as f32 + shrinkage)
        };
        self.user_scales = table.positions_by_user().iter().map(relative).collect();
        self.item_scales = table.positions_by_item().iter().map(relative).collect();
    }
}

/// The weights with the least squared error on the slice, and that error: biases first, then factors.
fn choose(rest: &RatingTable, slice: &[Rating], config: &FactorisationConfig, seed: u64) -> (Ridge, f32) {
    let error =
        |config: &FactorisationConfig, ridge: Ridge| solve(rest, config, ridge, seed).squared_error(slice);
    let biases_alone = FactorisationConfig { dim: 0, ..config.clone() };
    let mut best = (Ridge { factors: config.l2_factors.unwrap_or(1.0), biases: 1.0 }, f32::INFINITY);
    let given = config.l2_biases;
    for &biases in given.as_ref().map_or(&BIAS_WEIGHTS[..], std::slice::from_ref) {
        let ridge = Ridge { biases, ..best.0 };
        let now = error(&biases_alone, ridge);
        if now < best.1 {
            best = (ridge, now);
        }
    }
    if config.dim == 0 {
        return best;
    }
    best.1 = f32::INFINITY;
    let given = config.l2_factors;
    for &factors in given.as_ref().map_or(&FACTOR_WEIGHTS[..], std::slice::from_ref) {
        let ridge = Ridge { factors, ..best.0 };
        let now = error(config, ridge);
        if now < best.1 {
            best = (ridge, now);
        }
    }
    best
}

fn solve(table: &RatingTable, config: &FactorisationConfig, ridge: Ridge, seed: u64) -> Factorisation {
    let width = config.dim + 1;
    let mut out = Factorisation {
        dim: config.dim,
        mu: table.mean(),
        users: vec![0.0; table.n_users * width],
        items: normals(table.n_items * width, 0.1, &mut rng_for(seed, &[3])),
        noise: 1.0,
        user_scales: vec![1.0; table.n_users],
        item_scales: vec![1.0; table.n_items],
    };
    out.items.chunks_exact_mut(width).for_each(|row| row[config.dim] = 0.0);
    let (by_user, by_item) = (table.positions_by_user(), table.positions_by_item());
    for _ in 0..config.n_passes {
        let item_side = |cell: &Rating| out.item_row(cell.item.index());
        out.users = solve_side(table, &by_user, item_side, out.mu, ridge);
        let user_side = |cell: &Rating| out.user_row(cell.user.index());
        out.items = solve_side(table, &by_item, user_side, out.mu, ridge);
    }
    out
}

/// One side given the other: for every row, ridge regression of what mean level and the other side's bias leave
/// of its ratings, on the other side's factors and a constant. Rows are independent of each other, so threads
/// do not change the result. A row without ratings is zero.
fn solve_side<'a>(
    table: &RatingTable,
    positions_by_row: &[Vec<u32>],
    other: impl Fn(&Rating) -> &'a [f32] + Sync,
    mu: f32,
    ridge: Ridge,
) -> Vec<f32> {
    let width = table.cells.first().map_or(1, |cell| other(cell).len());
    let dim = width - 1;
    let mut out = vec![0.0; positions_by_row.len() * width];
    out.par_chunks_exact_mut(width).zip(positions_by_row).for_each(|(row, positions)| {
        let (mut gram, mut right) = (vec![0.0f64; width * width], vec![0.0f64; width]);
        for side in 0..width {
            gram[side * width + side] = f64::from(if side == dim { ridge.biases } else { ridge.factors });
        }
        for &position in positions {
            let cell = &table.cells[position as usize];
            let features = other(cell);
            let target = f64::from(cell.value - mu - features[dim]);
            let feature = |at: usize| if at == dim { 1.0 } else { f64::from(features[at]) };
            for r in 0..width {
                right[r] += target * feature(r);
                for c in 0..=r {
                    gram[r * width + c] += feature(r) * feature(c);
                }
            }
        }
        solve_positive(&mut gram, &mut right);
        row.iter_mut().zip(&right).for_each(|(out, &x)| *out = x as f32);
    });
    out
}
