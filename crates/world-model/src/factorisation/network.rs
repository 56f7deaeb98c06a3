//! The fitted factorisation and what it predicts.

use super::config::FactorisationConfig;
use crate::ItemCategories;
use crate::linear::factorise;
use artefact::Tensors;
use kernels::dot;
use mdp::{ItemIdx, MeanModel, UserIdx};

/// mean(u, i) = mu + b_u + b_i + <p_u, q_i> + <w_u, x_i>, x the centred categories of the item;
/// variance(u, i) = sigma^2 s_u s_i.
#[derive(Clone, Debug, PartialEq)]
pub struct Factorisation {
    /// Factors and categories together.
    pub(crate) dim: usize,
    /// The mean rating.
    pub(crate) mu: f32,
    /// `[users, dim + 1]`: factor, category weights, then bias.
    pub(crate) users: Vec<f32>,
    /// `[items, dim + 1]`: factor, categories, then bias.
    pub(crate) items: Vec<f32>,
    /// Mean squared residual of a cell that was not fitted on.
    pub(crate) noise: f32,
    /// Residual variances of users and items relative to `noise`, shrunk to 1.
    pub(crate) user_scales: Vec<f32>,
    pub(crate) item_scales: Vec<f32>,
}

impl Factorisation {
    pub(crate) fn user_row(&self, user: usize) -> &[f32] {
        &self.users[user * (self.dim + 1)..(user + 1) * (self.dim + 1)]
    }

    pub(crate) fn item_row(&self, item: usize) -> &[f32] {
        &self.items[item * (self.dim + 1)..(item + 1) * (self.dim + 1)]
    }

    /// The mean of one cell.
    pub fn mean(&self, user: UserIdx, item: ItemIdx) -> f32 {
        let (p, q) = (self.user_row(user.index()), self.item_row(item.index()));
        self.mu + p[self.dim] + q[self.dim] + dot(&p[..self.dim], &q[..self.dim])
    }

    /// Vectors of the items whose Euclidean distances are those of the items' columns of means over all users,
    /// `[items, dim + 1]`: a column is an affine function of the item's row, so the Gram matrix of the users'
    /// rows (factor and one) holds all that is needed.
    pub fn item_columns(&self) -> Vec<f32> {
        let width = self.dim + 1;
        let mut gram = vec![0.0f64; width * width];
        for row in self.users.chunks_exact(width) {
            let value = |at: usize| if at == self.dim { 1.0 } else { f64::from(row[at]) };
            for r in 0..width {
                for c in 0..width {
                    gram[r * width + c] += value(r) * value(c);
                }
            }
        }
        factorise(&mut gram, width);
        let mut out = Vec::with_capacity(self.items.len());
        for item in self.items.chunks_exact(width) {
            for column in 0..width {
                let sum: f64 =
                    (column..width).map(|row| gram[row * width + column] * f64::from(item[row])).sum();
                out.push(sum as f32);
            }
        }
        out
    }

    /// Puts every parameter under `prefix`.
    pub(crate) fn store(&self, prefix: &str, tensors: &mut Tensors) {
        let width = self.dim + 1;
        let name = |part: &str| format!("{prefix}.{part}");
        tensors.insert(&name("users"), &[self.users.len() / width, width], self.users.clone());
        tensors.insert(&name("items"), &[self.items.len() / width, width], self.items.clone());
        tensors.insert(&name("user_scales"), &[self.user_scales.len()], self.user_scales.clone());
        tensors.insert(&name("item_scales"), &[self.item_scales.len()], self.item_scales.clone());
        tensors.insert(&name("level"), &[2], vec![self.mu, self.noise]);
    }

    /// Takes a factorisation out; the error names the first tensor that is absent, misshapen or not finite.
    pub(crate) fn take(
        prefix: &str,
        tensors: &mut Tensors,
        n_users: usize,
        categories: &ItemCategories,
        config: &FactorisationConfig,
    ) -> Result<Self, String> {
        let mut take = |part: &str, shape: &[usize]| {
            let name = format!("{prefix}.{part}");
            let values =
                tensors.take(&name, shape).ok_or_else(|| format!("tensor {name} is not {shape:?}"))?;
            let is_finite = values.iter().all(|x| x.is_finite());
            if is_finite { Ok(values) } else { Err(format!("tensor {name} is not finite")) }
        };
        let n_items = categories.n_items();
        let dim = config.dim + config.max_categories.min(categories.n_categories());
        let width = dim + 1;
        let level = take("level", &[2])?;
        Ok(Self {
            dim,
            mu: level[0],
            noise: level[1],
            users: take("users", &[n_users, width])?,
            items: take("items", &[n_items, width])?,
            user_scales: take("user_scales", &[n_users])?,
            item_scales: take("item_scales", &[n_items])?,
        })
    }
}

impl MeanModel for Factorisation {
    fn n_users(&self) -> usize {
        self.user_scales.len()
    }

    fn n_items(&self) -> usize {
        self.item_scales.len()
    }

    fn predict(&self, user: UserIdx, item: ItemIdx) -> (f32, f32) {
        let scales = self.user_scales[user.index()] * self.item_scales[item.index()];
        (self.mean(user, item), self.noise * scales)
    }
}
