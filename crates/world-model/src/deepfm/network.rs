//! One DeepFM: first order + factorisation machine + perceptron, a mean head and a log-variance head.
//!
//! # Source
//! `docs/spec/world-model.md#network` (ROLeR's world model); the category embedding added to an item's own is ours.

use super::config::{DeepFmConfig, ItemContent};
use catalogue::Catalogue;
use kernels::dot;
use mdp::{ItemIdx, Rng};
use nn::{Mlp, MlpTrace, normals};

/// Rows of an embedding with a first-order weight behind it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    /// Embedding length plus one.
    pub(crate) width: usize,
    /// `[rows, width]`.
    pub(crate) values: Vec<f32>,
}

impl Table {
    fn new(n_rows: usize, config: &DeepFmConfig, rng: &mut Rng) -> Self {
        let width = config.embedding_dim + 1;
        let mut values = normals(n_rows * width, config.embedding_deviation, rng);
        for row in values.chunks_exact_mut(width) {
            row[width - 1] *= 0.1; // first-order weights start ten times smaller, as published
        }
        Self { width, values }
    }

    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.width..(row + 1) * self.width]
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.values.len() / self.width
    }
}

/// Category rows of every item; empty lists where content is not used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ItemCategories {
    n_categories: usize,
    by_item: Vec<Vec<u16>>,
}

impl ItemCategories {
    /// What `content` asks for, out of a catalogue.
    pub fn of(catalogue: &Catalogue, content: ItemContent) -> Self {
        match content {
            ItemContent::None => Self { n_categories: 0, by_item: vec![Vec::new(); catalogue.len()] },
            ItemContent::Categories => Self {
                n_categories: catalogue.categories().len(),
                by_item: catalogue.items().iter().map(|item| item.categories.clone()).collect(),
            },
        }
    }

    /// How many items.
    pub fn n_items(&self) -> usize {
        self.by_item.len()
    }

    /// How many categories.
    pub fn n_categories(&self) -> usize {
        self.n_categories
    }

    pub(crate) fn of_item(&self, item: usize) -> &[u16] {
        &self.by_item[item]
    }
}

/// All parameters of one member.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DeepFm {
    pub(crate) users: Table,
    pub(crate) items: Table,
    pub(crate) categories: Table,
    /// Concatenated embeddings to the last hidden layer (before its ReLU).
    pub(crate) trunk: Mlp,
    /// Mean head, log-variance head (both of the last hidden width), scalar bias.
    pub(crate) heads: Vec<f32>,
}

/// What the forward pass of a batch leaves for the backward pass.
#[derive(Debug)]
pub(crate) struct Trace {
    /// `[batch, 2 * embedding]`: the user's embedding, then the item's with its categories'.
    pub(crate) input: Vec<f32>,
    pub(crate) trunk: MlpTrace,
    /// `[batch, last hidden]`, after the ReLU.
    pub(crate) hidden: Vec<f32>,
    /// `[batch]`.
    pub(crate) means: Vec<f32>,
    /// `[batch]`, squashed.
    pub(crate) log_variances: Vec<f32>,
    /// `[batch]`: derivative of the squashing.
    pub(crate) squash_slopes: Vec<f32>,
}

const MAX_LOG_VARIANCE: f32 = 0.5;
const MIN_LOG_VARIANCE: f32 = -10.0;

fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Bends a log-variance softly into [-10, 0.5]; value and slope.
pub(crate) fn squash(raw: f32) -> (f32, f32) {
    let below_max = MAX_LOG_VARIANCE - softplus(MAX_LOG_VARIANCE - raw);
    let value = MIN_LOG_VARIANCE + softplus(below_max - MIN_LOG_VARIANCE);
    (value, sigmoid(MAX_LOG_VARIANCE - raw) * sigmoid(below_max - MIN_LOG_VARIANCE))
}

impl DeepFm {
    /// Initial weights for a matrix of these sides. `bias` is where the scalar bias starts.
    pub(crate) fn new(
        n_users: usize,
        content: &ItemCategories,
        config: &DeepFmConfig,
        bias: f32,
        rng: &mut Rng,
    ) -> Self {
        let users = Table::new(n_users, config, rng);
        let items = Table::new(content.n_items(), config, rng);
        let categories = Table::new(content.n_categories(), config, rng);
        let mut sizes = vec![2 * config.embedding_dim];
        sizes.extend(&config.hidden);
        let mut trunk = Mlp::new(&sizes, rng);
        let width = sizes[sizes.len() - 1];
        let mut deviation = (3.0 * width as f32).powf(-0.5); // that of the uniform within 1/sqrt(width)
        if let Some(given) = config.layer_deviation {
            deviation = given;
            trunk.parameters = normals(trunk.parameters.len(), given, rng);
            for_each_bias(&mut trunk, |b| *b = 0.0);
        }
        let mut heads = normals(2 * width, deviation, rng);
        heads.push(bias);
        Self { users, items, categories, trunk, heads }
    }

    pub(crate) fn embedding_dim(&self) -> usize {
        self.users.width - 1
    }

    /// Width of the last hidden layer.
    pub(crate) fn head_width(&self) -> usize {
        (self.heads.len() - 1) / 2
    }

    /// An item's own row plus the mean of its categories' rows, added to `out: [embedding + 1]`.
    pub(crate) fn add_item_row(&self, content: &ItemCategories, item: ItemIdx, out: &mut [f32]) {
        kernels::add_scaled(out, 1.0, self.items.row(item.index()));
        let categories = content.of_item(item.index());
        for &category in categories {
            kernels::add_scaled(out, 1.0 / categories.len() as f32, self.categories.row(category as usize));
        }
    }

    /// Runs a batch of user rows beside item rows (categories included), each `[batch, embedding + 1]`.
    pub(crate) fn forward(&self, user_rows: &[f32], item_rows: &[f32]) -> Trace {
        let (dim, width) = (self.embedding_dim(), self.users.width);
        let mut input = Vec::with_capacity(2 * user_rows.len());
        let mut means = Vec::with_capacity(user_rows.len() / width);
        let bias = self.heads[self.heads.len() - 1];
        for (user, item) in user_rows.chunks_exact(width).zip(item_rows.chunks_exact(width)) {
            input.extend_from_slice(&user[..dim]);
            input.extend_from_slice(&item[..dim]);
            means.push(bias + user[dim] + item[dim] + dot(&user[..dim], &item[..dim]));
        }
        let trunk = self.trunk.forward(&input);
        let hidden: Vec<f32> = trunk.output().iter().map(|x| x.max(0.0)).collect();
        let (mean_head, rest) = self.heads.split_at(self.head_width());
        let variance_head = &rest[..self.head_width()];
        let mut log_variances = Vec::with_capacity(means.len());
        let mut squash_slopes = Vec::with_capacity(means.len());
        for (row, mean) in hidden.chunks_exact(self.head_width()).zip(&mut means) {
            *mean += dot(row, mean_head);
            let (value, slope) = squash(dot(row, variance_head));
            log_variances.push(value);
            squash_slopes.push(slope);
        }
        Trace { input, trunk, hidden, means, log_variances, squash_slopes }
    }
}

fn for_each_bias(mlp: &mut Mlp, act: impl Fn(&mut f32)) {
    let mut start = 0;
    let sizes = mlp.sizes().to_vec();
    for pair in sizes.windows(2) {
        let end = start + (pair[0] + 1) * pair[1];
        mlp.parameters[end - pair[1]..end].iter_mut().for_each(&act);
        start = end;
    }
}
