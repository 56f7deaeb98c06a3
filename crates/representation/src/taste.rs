//! What a user's ratings say about every item: a Bayesian linear model over item factors.

mod fit;
mod unseen;

pub use fit::fit_taste;
pub(crate) use unseen::with_unseen;

use artefact::Floats;
use mdp::ItemIdx;
use serde::{Deserialize, Serialize};

/// Settings of the fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TasteConfig {
    /// Latent factors of an item.
    pub n_factors: usize,
    /// Categories that are item features, the most frequent ones.
    pub n_categories: usize,
    /// Alternations.
    pub n_sweeps: usize,
    /// Pseudo-ratings that pull an item's offset to its categories' mean.
    pub offset_shrinkage: f32,
    /// Ridge penalty of factors.
    pub ridge: f32,
}

impl TasteConfig {
    /// The settings that have a range: key, value, smallest and largest value.
    pub fn ranges(&self) -> [(&'static str, f64, f64, f64); 4] {
        [
            ("taste.n_categories", self.n_categories as f64, 0.0, 256.0),
            ("taste.n_factors", self.n_factors as f64, 0.0, 256.0),
            ("taste.ridge", f64::from(self.ridge), 1e-6, 1e6),
            ("taste.offset_shrinkage", f64::from(self.offset_shrinkage), 1e-6, 1e6),
        ]
    }
}

/// Item side of the taste model: mean, item offsets and factors, fitted to the logged histories of training
/// users only. A user is not a row here: any history, also an empty one, gives a belief about its owner.
///
/// # Source
/// Biased matrix factorisation by alternating ridge regressions (Koren et al. 2009); the user side is the exact
/// Gaussian posterior, as in probabilistic matrix factorisation (Salakhutdinov & Mnih 2008). Ours, not the
/// paper's: the paper's state knows only a user id and four items.
#[derive(Clone, Debug, PartialEq)]
pub struct TasteModel {
    /// Mean rating.
    pub mean: f32,
    /// Item offsets, `[items]`.
    pub offsets: Floats,
    /// Item features, column-major `[width, items]`: row 0 is all ones, then factors, then the most frequent
    /// categories, each item's scaled to length one.
    pub columns: Floats,
    /// Variance of a rating around its prediction.
    pub noise: f32,
    /// Prior variance of each user weight, `[width]`.
    pub prior: Floats,
    /// Number of ratings of each item, `[items]`.
    pub counts: Floats,
}

impl TasteModel {
    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.offsets.len()
    }

    /// Width of a user's belief.
    pub fn width(&self) -> usize {
        self.prior.len()
    }

    /// The features of one item, `[width]`.
    pub fn row(&self, item: ItemIdx) -> Vec<f32> {
        (0..self.width()).map(|k| self.columns[k * self.n_items() + item.index()]).collect()
    }

    /// `out[i] = features of i . weights` for every item.
    pub fn project(&self, weights: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        for (column, &weight) in self.columns.chunks_exact(self.n_items()).zip(weights) {
            kernels::add_scaled(out, weight, column);
        }
    }
}

/// What is believed about one user: a Gaussian over their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    /// Mean, `[width]`.
    pub mean: Vec<f32>,
    /// Covariance, `[width, width]`.
    pub covariance: Vec<f32>,
}

impl Belief {
    /// Before anything is known.
    pub fn prior(model: &TasteModel) -> Self {
        let width = model.width();
        let mut covariance = vec![0.0; width * width];
        (0..width).for_each(|k| covariance[k * width + k] = model.prior[k]);
        Self { mean: vec![0.0; width], covariance }
    }

    /// Takes one rating in. Returns the covariance times the item's features, the residual's gain and the
    /// predictive variance, from which every item's prediction can be moved in one pass.
    pub fn observe(&mut self, model: &TasteModel, item: ItemIdx, rating: f32) -> (Vec<f32>, f32, f32) {
        let features = model.row(item);
        let width = features.len();
        let direction: Vec<f32> =
            self.covariance.chunks_exact(width).map(|row| kernels::dot(row, &features)).collect();
        let variance = kernels::dot(&direction, &features) + model.noise;
        let predicted = model.mean + model.offsets[item.index()] + kernels::dot(&self.mean, &features);
        let gain = (rating - predicted) / variance;
        kernels::add_scaled(&mut self.mean, gain, &direction);
        for (row, &d) in self.covariance.chunks_exact_mut(width).zip(&direction) {
            kernels::add_scaled(row, -d / variance, &direction);
        }
        (direction, gain, variance)
    }
}
