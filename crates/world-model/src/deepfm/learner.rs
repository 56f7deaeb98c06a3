//! Fits one DeepFM: batches, gradient steps, early stopping.

use super::config::{DeepFmConfig, Loss, RowUpdate};
use super::gradient::{DenseGradient, RowGradients, backward};
use super::loss::of_batch;
use super::network::{DeepFm, ItemCategories};
use super::optimiser::RowAdam;
use crate::negatives::NegativeSampler;
use crate::{Rating, RatingTable};
use kernels::{Adam, AdamConfig};
use mdp::{Rng, rng_for};
use rand::seq::SliceRandom as _;

/// When a member stops.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop<'a> {
    /// When the error on these cells (with sampled negatives, if they were positives alone) has not fallen for the configured number of passes; the best pass is kept.
    Early(&'a [Rating]),
    /// After so many passes.
    After(usize),
}

/// A fitted member and the passes over the data that it took.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    pub(crate) network: DeepFm,
    pub(crate) n_epochs: usize,
}

/// Fits one member on one thread.
pub(crate) fn fit(
    table: &RatingTable,
    content: &ItemCategories,
    config: &DeepFmConfig,
    loss: Loss,
    stop: Stop<'_>,
    (seed, member): (u64, u64),
) -> Fitted {
    let start = if config.same_initial_weights { 0 } else { member };
    let bias = if config.start_at_mean { table.mean() } else { 0.0 };
    let network = DeepFm::new(table.n_users, content, config, bias, &mut rng_for(seed, &[INITIAL, start]));
    let mut learner = Learner::new(network, content, config, loss);
    let negatives = loss.samples_negatives().then(|| NegativeSampler::new(table, config.negative_rule(1)));
    let mut best: Option<(f64, usize, DeepFm)> = None;
    let n_epochs = if let Stop::After(n) = stop { n } else { config.max_epochs };
    for epoch in 1..=n_epochs {
        let mut rng = rng_for(seed, &[EPOCH, member, epoch as u64]);
        learner.epoch(&table.cells, negatives.as_ref(), &mut rng);
        let Stop::Early(held_out) = stop else { continue };
        let error = match loss {
            Loss::Pair => disorder(&learner.network, content, held_out),
            _ => rmse(&learner.network, content, held_out),
        };
        tracing::debug!(member, epoch, error, "deepfm");
        if best.as_ref().is_none_or(|(least, ..)| error < *least) {
            best = Some((error, epoch, learner.network.clone()));
        } else if config.patience > 0 && best.as_ref().is_some_and(|b| epoch >= b.1 + config.patience) {
            break;
        }
    }
    match best {
        Some((_, n_epochs, network)) => Fitted { network, n_epochs },
        None => Fitted { network: learner.network, n_epochs },
    }
}

const INITIAL: u64 = 1;
const EPOCH: u64 = 2;

/// Root mean squared error of one member.
pub(crate) fn rmse(network: &DeepFm, content: &ItemCategories, cells: &[Rating]) -> f64 {
    let mut sum = 0.0;
    for batch in cells.chunks(512) {
        let (users, items) = gather(network, content, batch);
        let means = network.forward(&users, &items).means;
        sum += means.iter().zip(batch).map(|(m, c)| f64::from(m - c.value).powi(2)).sum::<f64>();
    }
    (sum / cells.len().max(1) as f64).sqrt()
}

/// One minus the correlation of means and values: an error for means that lie on no scale.
fn disorder(network: &DeepFm, content: &ItemCategories, cells: &[Rating]) -> f64 {
    let mut sums = [0.0f64; 5];
    for batch in cells.chunks(512) {
        let (users, items) = gather(network, content, batch);
        for (&mean, cell) in network.forward(&users, &items).means.iter().zip(batch) {
            let (x, y) = (f64::from(mean), f64::from(cell.value));
            sums.iter_mut().zip([x, y, x * x, y * y, x * y]).for_each(|(sum, term)| *sum += term);
        }
    }
    let n = cells.len().max(1) as f64;
    let [x, y, xx, yy, xy] = sums.map(|sum| sum / n);
    let spread = (xx - x * x).max(0.0) * (yy - y * y).max(0.0);
    if spread > 0.0 { 1.0 - (xy - x * y) / spread.sqrt() } else { 1.0 }
}

/// Rows of users and items (categories included) of a batch, `[batch, embedding + 1]` each.
pub(crate) fn gather(network: &DeepFm, content: &ItemCategories, batch: &[Rating]) -> (Vec<f32>, Vec<f32>) {
    let width = network.users.width;
    let mut users = Vec::with_capacity(batch.len() * width);
    let mut items = vec![0.0; batch.len() * width];
    for (cell, out) in batch.iter().zip(items.chunks_exact_mut(width)) {
        users.extend_from_slice(network.users.row(cell.user.index()));
        network.add_item_row(content, cell.item, out);
    }
    (users, items)
}

/// A member while it learns.
#[derive(Debug)]
pub(crate) struct Learner<'a> {
    pub(crate) network: DeepFm,
    content: &'a ItemCategories,
    config: &'a DeepFmConfig,
    loss: Loss,
    gradient: DenseGradient,
    trunk_adam: Adam,
    heads_adam: Adam,
    user_adam: RowAdam,
    item_adam: RowAdam,
    category_adam: RowAdam,
}

impl<'a> Learner<'a> {
    pub(crate) fn new(
        network: DeepFm,
        content: &'a ItemCategories,
        config: &'a DeepFmConfig,
        loss: Loss,
    ) -> Self {
        let adam = AdamConfig::with_learning_rate(config.learning_rate);
        Self {
            gradient: DenseGradient::zero(&network),
            trunk_adam: Adam::new(adam, network.trunk.parameters.len()),
            heads_adam: Adam::new(adam, network.heads.len()),
            user_adam: RowAdam::new(adam, &network.users),
            item_adam: RowAdam::new(adam, &network.items),
            category_adam: RowAdam::new(adam, &network.categories),
            network,
            content,
            config,
            loss,
        }
    }

    /// One pass over the cells in a random order; under a loss that samples every cell comes once per sampled negative.
    fn epoch(&mut self, cells: &[Rating], negatives: Option<&NegativeSampler>, rng: &mut Rng) {
        let n_copies = if negatives.is_some() { self.config.n_negatives.max(1) } else { 1 };
        let mut order: Vec<u32> = (0..cells.len() as u32).cycle().take(n_copies * cells.len()).collect();
        order.shuffle(rng);
        for positions in order.chunks(self.config.batch_size) {
            let mut batch: Vec<Rating> = positions.iter().map(|&p| cells[p as usize]).collect();
            if let Some(negatives) = negatives {
                negatives.extend(&mut batch, rng);
            }
            self.step(&batch);
        }
    }

    /// One gradient step; the loss before it, summed over the batch.
    pub(crate) fn step(&mut self, batch: &[Rating]) -> f64 {
        let (users, items) = gather(&self.network, self.content, batch);
        let trace = self.network.forward(&users, &items);
        let targets: Vec<f32> = batch.iter().map(|cell| cell.value).collect();
        let loss = of_batch(self.loss, &trace, &targets);
        self.gradient.clear();
        let rows = backward(&self.network, &trace, &loss.by_mean, &loss.by_log_variance, &mut self.gradient);
        self.add_rows(batch, &rows);
        self.move_parameters();
        loss.total
    }

    fn add_rows(&mut self, batch: &[Rating], rows: &RowGradients) {
        let width = self.network.users.width;
        let gradients = rows.users.chunks_exact(width).zip(rows.items.chunks_exact(width));
        for (cell, (by_user, by_item)) in batch.iter().zip(gradients) {
            self.user_adam.add(cell.user.index(), 1.0, by_user);
            self.item_adam.add(cell.item.index(), 1.0, by_item);
            let categories = self.content.of_item(cell.item.index());
            for &category in categories {
                self.category_adam.add(category as usize, 1.0 / categories.len() as f32, by_item);
            }
        }
    }

    fn move_parameters(&mut self) {
        let network = &mut self.network;
        let l2_rows = self.config.l2_all + self.config.l2_embedding;
        let tables = [
            (&mut self.user_adam, &mut network.users),
            (&mut self.item_adam, &mut network.items),
            (&mut self.category_adam, &mut network.categories),
        ];
        for (adam, table) in tables {
            if self.config.row_update == RowUpdate::All {
                adam.mark_all();
            }
            adam.step(table, l2_rows);
        }
        // The scalar bias is the level of the scale, so L2 leaves it alone.
        let n_head_weights = network.heads.len() - 1;
        kernels::add_scaled(&mut self.gradient.trunk, 2.0 * self.config.l2_all, &network.trunk.parameters);
        let head_gradient = &mut self.gradient.heads[..n_head_weights];
        kernels::add_scaled(head_gradient, 2.0 * self.config.l2_all, &network.heads[..n_head_weights]);
        self.trunk_adam.step(&mut network.trunk.parameters, &self.gradient.trunk);
        self.heads_adam.step(&mut network.heads, &self.gradient.heads);
    }
}
