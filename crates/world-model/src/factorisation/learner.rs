//! Alternating least squares: users given items, items given users, each a small ridge regression.

use super::config::FactorisationConfig;
use super::network::Factorisation;
use crate::linear::solve_positive;
use crate::ratings::Positions;
use crate::{ItemCategories, Rating, RatingTable, WorldError};
use mdp::rng_for;
use nn::normals;
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

const WEIGHTS: [f32; 5] = [2.0, 4.0, 8.0, 16.0, 32.0];
const BIAS_WEIGHTS: [f32; 4] = [1.0, 2.0, 4.0, 8.0];
const SLICE: f64 = 0.1;
/// Weights are ratios of the noise to what is known beforehand, which all users share: beyond so many cells, those of
/// some users say enough. Whether factors help at all is decided on them, too, with fewer ratings of each item.
const MOST_CELLS_TO_CHOOSE_ON: usize = 5_000_000;

/// Weights of squared factors, category weights and biases, and how many of each there are.
#[derive(Clone, Copy, Debug)]
struct Ridge {
    n_factors: usize,
    factors: f32,
    n_categories: usize,
    categories: f32,
    biases: f32,
}

/// What every item is known to be: category indicators of length one, minus their mean over the catalogue.
/// `[items, categories]`
#[derive(Debug)]
struct Content {
    n_categories: usize,
    rows: Vec<f32>,
}

impl Content {
    /// The `most` most frequent categories, fewer if there are fewer.
    fn of(categories: &ItemCategories, most: usize) -> Self {
        let n_items = categories.n_items();
        let mut by_frequency: Vec<(usize, usize)> = (0..categories.n_categories()).map(|c| (0, c)).collect();
        for item in 0..n_items {
            categories.of_item(item).iter().for_each(|&c| by_frequency[c as usize].0 += 1);
        }
        by_frequency.sort_by_key(|&(count, category)| (std::cmp::Reverse(count), category));
        by_frequency.truncate(most);
        let n_categories = by_frequency.len();
        let mut places = vec![None; categories.n_categories()];
        by_frequency.iter().enumerate().for_each(|(place, &(_, category))| places[category] = Some(place));
        let mut rows = vec![0.0; n_items * n_categories];
        for (item, row) in rows.chunks_exact_mut(n_categories.max(1)).enumerate() {
            let own = categories.of_item(item);
            let kept = own.iter().filter_map(|&c| places[c as usize]);
            kept.for_each(|place| row[place] = (own.len() as f32).powf(-0.5));
        }
        for category in 0..n_categories {
            let column = || (0..n_items).map(|item| item * n_categories + category);
            let mean = column().map(|at| rows[at]).sum::<f32>() / n_items as f32;
            column().for_each(|at| rows[at] -= mean);
        }
        Self { n_categories, rows }
    }
}

impl Factorisation {
    /// Fits means by alternating least squares. A tenth of the cells chooses the weights that the settings leave
    /// open (of a very large log, a tenth of some users' cells) and measures the noise; then everything is fitted
    /// again on all cells. Deterministic for any number of threads.
    ///
    /// # Errors
    /// When a setting has no meaning or there is nothing to fit on.
    pub fn fit(
        table: &RatingTable,
        categories: &ItemCategories,
        config: &FactorisationConfig,
        seed: u64,
    ) -> Result<Self, WorldError> {
        config.check()?;
        if table.cells.is_empty() {
            return Err(WorldError::TooLittleData { what: "the log has no ratings".into() });
        }
        let content = Content::of(categories, config.max_categories);
        let some = table.some_users(MOST_CELLS_TO_CHOOSE_ON, seed);
        let (ridge, mut noise) = choose(cut(&some, seed), &content, config, seed);
        let is_sample = matches!(some, Cow::Owned(_));
        drop(some);
        if is_sample {
            let (rest, slice) = cut(table, seed);
            noise = solve(&rest, &content, config, ridge, seed).squared_error(&slice);
        }
        let mut out = solve(table, &content, config, ridge, seed);
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
        let fitted =
            ((squares.iter().copied().map(f64::from).sum::<f64>() / squares.len() as f64) as f32).max(1e-6);
        let scales = |n_rows: usize, row: fn(&Rating) -> usize| {
            let mut rows = vec![(0.0f32, 0u32); n_rows];
            for (cell, square) in table.cells.iter().zip(&squares) {
                let (sum, n) = &mut rows[row(cell)];
                (*sum, *n) = (*sum + square / fitted, *n + 1);
            }
            rows.into_iter().map(|(sum, n)| (sum + shrinkage) / (n as f32 + shrinkage)).collect()
        };
        self.user_scales = scales(table.n_users, |cell| cell.user.index());
        self.item_scales = scales(table.n_items, |cell| cell.item.index());
    }
}

/// What is fitted on, and the tenth that measures; all of them where a tenth is nothing.
fn cut(table: &RatingTable, seed: u64) -> (RatingTable, Vec<Rating>) {
    let (rest, mut slice) = table.sliced(SLICE, seed);
    if slice.is_empty() {
        slice.clone_from(&table.cells);
    }
    (rest, slice)
}

/// The weights with the least squared error on the slice, and that error: biases first, then categories, then
/// factors, each kept only if it helps.
fn choose(
    (rest, slice): (RatingTable, Vec<Rating>),
    content: &Content,
    config: &FactorisationConfig,
    seed: u64,
) -> (Ridge, f32) {
    let error = |ridge: Ridge| solve(&rest, content, config, ridge, seed).squared_error(&slice);
    let mut best =
        (Ridge { n_factors: 0, factors: 1.0, n_categories: 0, categories: 1.0, biases: 1.0 }, f32::INFINITY);
    let try_all = |best: &mut (Ridge, f32), ridges: &mut dyn Iterator<Item = Ridge>| {
        for ridge in ridges {
            let now = error(ridge);
            if now < best.1 {
                *best = (ridge, now);
            }
        }
    };
    let start = best.0;
    let biases = given_or(&config.l2_biases, &BIAS_WEIGHTS);
    try_all(&mut best, &mut biases.iter().map(|&biases| Ridge { biases, ..start }));
    if content.n_categories > 0 {
        let start = Ridge { n_categories: content.n_categories, ..best.0 };
        let weights = given_or(&config.l2_categories, &WEIGHTS);
        try_all(&mut best, &mut weights.iter().map(|&categories| Ridge { categories, ..start }));
    }
    if config.dim > 0 {
        let start = Ridge { n_factors: config.dim, ..best.0 };
        let weights = given_or(&config.l2_factors, &WEIGHTS);
        try_all(&mut best, &mut weights.iter().map(|&factors| Ridge { factors, ..start }));
    }
    best
}

fn given_or<'a>(given: &'a Option<f32>, otherwise: &'a [f32]) -> &'a [f32] {
    given.as_ref().map_or(otherwise, std::slice::from_ref)
}

/// The rows have room for all factors and categories whether the weights use them or not.
fn solve(
    table: &RatingTable,
    content: &Content,
    config: &FactorisationConfig,
    ridge: Ridge,
    seed: u64,
) -> Factorisation {
    let dim = config.dim + content.n_categories;
    let width = dim + 1;
    let mut out = Factorisation {
        dim,
        mu: table.mean(),
        users: vec![0.0; table.n_users * width],
        items: vec![0.0; table.n_items * width],
        noise: 1.0,
        user_scales: vec![1.0; table.n_users],
        item_scales: vec![1.0; table.n_items],
    };
    let draws = normals(table.n_items * config.dim, 0.1, &mut rng_for(seed, &[3]));
    for (item, row) in out.items.chunks_exact_mut(width).enumerate() {
        if ridge.n_factors > 0 {
            row[..config.dim].copy_from_slice(&draws[item * config.dim..(item + 1) * config.dim]);
        }
        if ridge.n_categories > 0 {
            let known = &content.rows[item * content.n_categories..(item + 1) * content.n_categories];
            row[config.dim..dim].copy_from_slice(known);
        }
    }
    let (by_user, by_item) = (table.positions_by_user(), table.positions_by_item());
    let unused_or = |n_used: usize, l2: f32| if n_used > 0 { l2 } else { f32::INFINITY };
    let mut diagonal = vec![unused_or(ridge.n_factors, ridge.factors); config.dim];
    diagonal.resize(dim, unused_or(ridge.n_categories, ridge.categories));
    diagonal.push(ridge.biases);
    for _ in 0..config.n_passes {
        let Factorisation { users, items, mu, .. } = &mut out;
        let item_side = |cell: &Rating| &items[cell.item.index() * width..][..width];
        solve_side(table, &by_user, item_side, (*mu, &diagonal, 0..0), users);
        let user_side = |cell: &Rating| &users[cell.user.index() * width..][..width];
        solve_side(table, &by_item, user_side, (*mu, &diagonal, config.dim..dim), items);
    }
    out
}

/// One side given the other: for every row, ridge regression of what mean level and the other side's bias leave
/// of its ratings, on the other side's factors and a constant. The entries in `fixed` stay as they are in `rows`,
/// and what they predict is taken off first; entries of infinite weight stay as they are, too. Rows are independent of
/// each other, so threads do not change the result. A row without ratings is zero but for those entries.
fn solve_side<'a>(
    table: &RatingTable,
    positions_by_row: &Positions,
    other: impl Fn(&Rating) -> &'a [f32] + Sync,
    (mu, diagonal, fixed): (f32, &[f32], Range<usize>),
    rows: &mut [f32],
) {
    let width = diagonal.len();
    let dim = width - 1;
    let free: Vec<usize> = (0..width).filter(|at| !fixed.contains(at) && diagonal[*at].is_finite()).collect();
    let n = free.len();
    rows.par_chunks_exact_mut(width).enumerate().for_each(|(at, row)| {
        let positions = positions_by_row.row(at);
        if positions.is_empty() {
            return free.iter().for_each(|&at| row[at] = 0.0);
        }
        let (mut gram, mut right, mut feature) = (vec![0.0f64; n * n], vec![0.0f64; n], vec![0.0f64; n]);
        (0..n).for_each(|side| gram[side * n + side] = f64::from(diagonal[free[side]]));
        for &position in positions {
            let cell = &table.cells[position as usize];
            let features = other(cell);
            let known = kernels::dot(&features[fixed.clone()], &row[fixed.clone()]);
            let target = f64::from(cell.value - mu - features[dim] - known);
            for (slot, &at) in feature.iter_mut().zip(&free) {
                *slot = if at == dim { 1.0 } else { f64::from(features[at]) };
            }
            for (side, gram_row) in gram.chunks_exact_mut(n).enumerate() {
                let own = feature[side];
                right[side] += target * own;
                gram_row[..=side].iter_mut().zip(&feature).for_each(|(sum, x)| *sum += own * x);
            }
        }
        solve_positive(&mut gram, &mut right);
        free.iter().zip(&right).for_each(|(&at, &x)| row[at] = x as f32);
    });
}
