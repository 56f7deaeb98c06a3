//! Fitting the item side of the taste model to logged histories.

use super::{TasteConfig, TasteModel};
use mdp::{Interaction, Rng};
use nn::normal;
use rayon::prelude::*;

/// Fits the item side to histories. `categories` gives each item's category rows, `[items]`; the offset of a rarely
/// rated item leans on the mean of its categories. The same on any number of threads.
pub fn fit_taste(
    histories: &[&[Interaction]],
    categories: &[Vec<u16>],
    config: &TasteConfig,
    rng: &mut Rng,
) -> TasteModel {
    let n_items = categories.len();
    let labels = frequent_categories(categories, config.n_categories);
    let width = 1 + config.n_factors + labels.len();
    let mean = mean_rating(histories);
    let counts = count_ratings(histories, n_items);
    let offsets = item_offsets(histories, categories, (mean, config.offset_shrinkage), &counts);
    let mut rows = vec![1.0; n_items * width];
    for (row, own) in rows.chunks_exact_mut(width).zip(categories) {
        let (factors, indicators) = row[1..].split_at_mut(config.n_factors);
        factors.iter_mut().for_each(|x| *x = 0.1 * normal(rng));
        let length = (own.len() as f32).sqrt().max(1.0);
        for (x, label) in indicators.iter_mut().zip(&labels) {
            *x = f32::from(u8::from(own.contains(label))) / length;
        }
    }
    let mut noise = 1.0;
    for _ in 0..config.n_sweeps {
        let users = solve_users(histories, &rows, &offsets, (mean, config.ridge, width));
        let sizes = (config.n_factors, width);
        noise = solve_items(histories, &users, &mut rows, (&offsets, mean, config.ridge), sizes);
    }
    let users = solve_users(histories, &rows, &offsets, (mean, config.ridge, width));
    let n_users = histories.len().max(1) as f32;
    let prior: Vec<f32> = (0..width)
        .map(|k| (users.iter().skip(k).step_by(width).map(|w| w * w).sum::<f32>() / n_users).max(1e-3))
        .collect();
    let mut columns = vec![0.0; n_items * width];
    for (item, row) in rows.chunks_exact(width).enumerate() {
        row.iter().enumerate().for_each(|(k, &x)| columns[k * n_items + item] = x);
    }
    TasteModel {
        mean,
        offsets: offsets.into(),
        columns: columns.into(),
        noise: noise.max(0.05),
        prior: prior.into(),
        counts: counts.into(),
    }
}

/// The most frequent category rows, ties by row.
fn frequent_categories(categories: &[Vec<u16>], most: usize) -> Vec<u16> {
    let mut counts = std::collections::BTreeMap::<u16, usize>::new();
    categories.iter().flatten().for_each(|&c| *counts.entry(c).or_default() += 1);
    let mut labels: Vec<(usize, u16)> = counts.into_iter().map(|(label, count)| (count, label)).collect();
    labels.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    labels.into_iter().take(most).map(|(_, label)| label).collect()
}

fn mean_rating(histories: &[&[Interaction]]) -> f32 {
    let n: usize = histories.iter().map(|h| h.len()).sum();
    let sum: f64 = histories.iter().flat_map(|h| h.iter()).map(|x| f64::from(x.rating)).sum();
    (sum / n.max(1) as f64) as f32
}

fn count_ratings(histories: &[&[Interaction]], n_items: usize) -> Vec<f32> {
    let mut counts = vec![0.0; n_items];
    histories.iter().flat_map(|h| h.iter()).for_each(|x| counts[x.item.index()] += 1.0);
    counts
}

/// Mean residual of each item after user means, shrunk to the mean of its categories, which is shrunk to zero.
fn item_offsets(
    histories: &[&[Interaction]],
    categories: &[Vec<u16>],
    (mean, shrinkage): (f32, f32),
    counts: &[f32],
) -> Vec<f32> {
    let n_categories = categories.iter().flatten().max().map_or(0, |&c| c as usize + 1);
    let mut sums = vec![0.0f32; categories.len()];
    for history in histories {
        let user: f32 = history.iter().map(|x| x.rating - mean).sum::<f32>() / (history.len() as f32 + 5.0);
        history.iter().for_each(|x| sums[x.item.index()] += x.rating - mean - user);
    }
    let mut by_category = vec![(0.0f32, 0.0f32); n_categories];
    for (item, rows) in categories.iter().enumerate() {
        for &c in rows {
            by_category[c as usize].0 += sums[item];
            by_category[c as usize].1 += counts[item];
        }
    }
    let category_mean = |c: u16| by_category[c as usize].0 / (by_category[c as usize].1 + 20.0);
    let leaning =
        |rows: &[u16]| rows.iter().map(|&c| category_mean(c)).sum::<f32>() / (rows.len() as f32).max(1.0);
    (0..categories.len())
        .map(|i| (sums[i] + shrinkage * leaning(&categories[i])) / (counts[i] + shrinkage))
        .collect()
}

/// Ridge solution of every user's weights given the item rows, `[users, width]`.
fn solve_users(
    histories: &[&[Interaction]],
    rows: &[f32],
    offsets: &[f32],
    (mean, ridge, width): (f32, f32, usize),
) -> Vec<f32> {
    let mut out = vec![0.0; histories.len() * width];
    histories.par_iter().zip(out.par_chunks_exact_mut(width)).for_each(|(history, weights)| {
        let mut system = Normal::new(width, ridge);
        for x in *history {
            let features = &rows[x.item.index() * width..(x.item.index() + 1) * width];
            system.add(features, x.rating - mean - offsets[x.item.index()]);
        }
        weights.copy_from_slice(&system.solve());
    });
    out
}

/// Ridge solution of every item's factors given the users' weights; returns the residual variance.
fn solve_items(
    histories: &[&[Interaction]],
    users: &[f32],
    rows: &mut [f32],
    (offsets, mean, ridge): (&[f32], f32, f32),
    (n_factors, width): (usize, usize),
) -> f32 {
    let factors = 1..1 + n_factors;
    // Every share of the items looks through all histories for its own ratings, which pays for a few threads.
    let share = rows.len() / width / rayon::current_num_threads() + 1;
    rows.par_chunks_mut(share * width).enumerate().for_each(|(index, rows)| {
        let first = index * share;
        let mut systems = vec![None; rows.len() / width];
        for (history, weights) in histories.iter().zip(users.chunks_exact(width)) {
            for x in *history {
                let Some(at) = x.item.index().checked_sub(first).filter(|at| *at < systems.len()) else {
                    continue;
                };
                let system = systems[at].get_or_insert_with(|| Normal::new(n_factors, ridge));
                let row = &rows[at * width..(at + 1) * width];
                let rest = weights[0] + kernels::dot(&weights[factors.end..], &row[factors.end..]);
                system.add(&weights[factors.clone()], x.rating - mean - offsets[x.item.index()] - rest);
            }
        }
        for (row, system) in rows.chunks_exact_mut(width).zip(systems) {
            match system {
                Some(system) => row[factors.clone()].copy_from_slice(&system.solve()),
                None => row[factors.clone()].fill(0.0),
            }
        }
    });
    let rows = &*rows;
    let squares = |(history, weights): (&&[Interaction], &[f32])| -> f64 {
        let square = |x: &Interaction| {
            let features = &rows[x.item.index() * width..(x.item.index() + 1) * width];
            let predicted = mean + offsets[x.item.index()] + kernels::dot(features, weights);
            f64::from(x.rating - predicted).powi(2)
        };
        history.iter().map(square).sum()
    };
    let by_user: Vec<f64> = histories.par_iter().zip(users.par_chunks_exact(width)).map(squares).collect();
    let n: usize = histories.iter().map(|history| history.len()).sum();
    (by_user.iter().sum::<f64>() / n.max(1) as f64) as f32
}

/// Normal equations of a small ridge regression.
#[derive(Clone)]
struct Normal {
    /// The lower triangle counts. `[width, width]`, rows filled up to whole blocks
    matrix: Vec<[f32; 8]>,
    target: Vec<f32>,
    /// The features of one rating, filled up with zeros.
    features: Vec<[f32; 8]>,
}

impl Normal {
    fn new(width: usize, ridge: f32) -> Self {
        let stride = width.div_ceil(8);
        let mut matrix = vec![[0.0; 8]; width * stride];
        (0..width).for_each(|k| matrix[k * stride + k / 8][k % 8] = ridge);
        Self { matrix, target: vec![0.0; width], features: vec![[0.0; 8]; stride] }
    }

    fn add(&mut self, features: &[f32], target: f32) {
        self.features.as_flattened_mut()[..features.len()].copy_from_slice(features);
        kernels::add_outer_product(&mut self.matrix, &self.features);
        kernels::add_scaled(&mut self.target, target, features);
    }

    /// Cholesky factorisation and two triangular solves; the ridge keeps the matrix positive definite.
    fn solve(mut self) -> Vec<f32> {
        let (n, stride) = (self.target.len(), 8 * self.features.len());
        let matrix = self.matrix.as_flattened_mut();
        for i in 0..n {
            for j in 0..=i {
                let sum: f32 = (0..j).map(|k| matrix[i * stride + k] * matrix[j * stride + k]).sum();
                let value = matrix[i * stride + j] - sum;
                matrix[i * stride + j] =
                    if i == j { value.max(1e-6).sqrt() } else { value / matrix[j * stride + j] };
            }
        }
        for i in 0..n {
            let sum: f32 = (0..i).map(|k| matrix[i * stride + k] * self.target[k]).sum();
            self.target[i] = (self.target[i] - sum) / matrix[i * stride + i];
        }
        for i in (0..n).rev() {
            let sum: f32 = (i + 1..n).map(|k| matrix[k * stride + i] * self.target[k]).sum();
            self.target[i] = (self.target[i] - sum) / matrix[i * stride + i];
        }
        self.target
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdp::{ItemIdx, rng_for};
    use rand::RngExt as _;

    #[test]
    fn a_taste_model_may_lack_factors_and_does_not_depend_on_threads() {
        let rng = &mut rng_for(3, &[]);
        let mut rated = |time| {
            let item = ItemIdx(rng.random_range(0..60));
            Interaction { item, rating: (1 + item.0 % 5) as f32, time }
        };
        let histories: Vec<Vec<Interaction>> = (0..40).map(|_| (0..15).map(&mut rated).collect()).collect();
        let histories: Vec<&[Interaction]> = histories.iter().map(Vec::as_slice).collect();
        let categories: Vec<Vec<u16>> = (0..60).map(|item| vec![item % 6]).collect();
        let fit = |config: &TasteConfig, n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| fit_taste(&histories, &categories, config, &mut rng_for(0, &[])))
        };
        let config =
            TasteConfig { n_factors: 4, n_categories: 24, n_sweeps: 8, offset_shrinkage: 5.0, ridge: 4.0 };
        let bits = |n_threads| {
            let taste = fit(&config, n_threads);
            (taste.columns.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), taste.noise.to_bits())
        };
        assert_eq!(bits(1), bits(3));
        for (n_factors, n_categories) in [(0, 2), (0, 0), (2, 0)] {
            let taste = fit(&TasteConfig { n_factors, n_categories, ..config.clone() }, 2);
            assert!(
                taste.columns.iter().all(|x| x.is_finite()),
                "{n_factors} factors, {n_categories} categories"
            );
        }
    }
}
