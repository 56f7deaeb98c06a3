//! One member, step by step: for comparisons with other implementations of the same network.

use super::config::{DeepFmConfig, Loss};
use super::learner::Learner;
use super::network::{DeepFm, ItemCategories};
use crate::{Rating, RatingTable};
use mdp::rng_for;

/// A member under the loss [`Loss::Point`] whose batches are given from outside.
#[derive(Debug)]
pub struct DeepFmSteps<'a> {
    learner: Learner<'a>,
}

/// All parameters of a member. A table's row is an embedding with a first-order weight behind it.
#[derive(Clone, Copy, Debug)]
pub struct DeepFmParameters<'a> {
    /// `[users, embedding + 1]`.
    pub users: &'a [f32],
    /// `[items, embedding + 1]`.
    pub items: &'a [f32],
    /// `[categories, embedding + 1]`.
    pub categories: &'a [f32],
    /// For every layer its weight `[in, out]`, then its bias `[out]`.
    pub trunk: &'a [f32],
    /// The mean's head, the log-variance's head, the scalar bias.
    pub heads: &'a [f32],
}

impl<'a> DeepFmSteps<'a> {
    /// A fresh member for the table's users and the content's items.
    pub fn new(
        table: &RatingTable,
        content: &'a ItemCategories,
        config: &'a DeepFmConfig,
        seed: u64,
    ) -> Self {
        let bias = if config.start_at_mean { table.mean() } else { 0.0 };
        let network = DeepFm::new(table.n_users, content, config, bias, &mut rng_for(seed, &[]));
        Self { learner: Learner::new(network, content, config, Loss::Point) }
    }

    /// One gradient step on these cells. Returns the loss before it, summed over them (L2 left out).
    ///
    /// # Panics
    /// If a cell names a user or an item that does not exist.
    pub fn step(&mut self, cells: &[Rating]) -> f64 {
        self.learner.step(cells)
    }

    /// The parameters as they are now.
    pub fn parameters(&self) -> DeepFmParameters<'_> {
        let DeepFm { users, items, categories, trunk, heads } = &self.learner.network;
        DeepFmParameters {
            users: &users.values,
            items: &items.values,
            categories: &categories.values,
            trunk: &trunk.parameters,
            heads,
        }
    }
}
