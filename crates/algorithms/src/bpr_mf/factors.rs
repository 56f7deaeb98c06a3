//! The factorisation: vectors of users and items, biases of items, and the steps by which they are learned.

use super::config::Config;
use crate::tensors::take;
use artefact::Tensors;
use kernels::dot;
use learning::LearningError;
use mdp::Rng;

/// Keeps Adagrad's first steps finite.
const EPSILON: f32 = 1e-8;

/// Numbers that Adagrad moves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    pub(super) values: Vec<f32>,
    /// Sums of squared gradients.
    pub(super) squares: Vec<f32>,
}

impl Table {
    fn new(values: Vec<f32>) -> Self {
        Self { squares: vec![0.0; values.len()], values }
    }

    /// Moves one number along its gradient.
    fn climb(&mut self, at: usize, gradient: f32, learning_rate: f32) {
        self.squares[at] += gradient * gradient;
        self.values[at] += learning_rate * gradient / (self.squares[at].sqrt() + EPSILON);
    }

    fn put(&self, out: &mut Tensors, name: &str) {
        out.insert(name, &[self.values.len()], self.values.clone());
        out.insert(&format!("{name}.squares"), &[self.squares.len()], self.squares.clone());
    }

    /// # Errors
    /// When a tensor is missing or has another length.
    fn take(&mut self, from: &mut Tensors, name: &str) -> Result<(), LearningError> {
        let n = self.values.len();
        self.values = take(from, name, &[n])?;
        self.squares = take(from, &format!("{name}.squares"), &[n])?;
        Ok(())
    }
}

/// A user, an item that the user took up, and one that the user did not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) user: usize,
    pub(super) taken: usize,
    pub(super) other: usize,
}

/// Everything that is learned.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Factors {
    width: usize,
    /// `[users, width]`.
    pub(super) users: Table,
    /// `[items, width]`.
    pub(super) items: Table,
    /// `[items]`.
    pub(super) biases: Table,
}

impl Factors {
    /// Small random vectors, and no biases.
    pub(super) fn new(n_users: usize, n_items: usize, config: &Config, rng: &mut Rng) -> Self {
        let width = config.n_factors;
        let mut table = |n: usize| Table::new(nn::normals(n * width, config.first_deviation, rng));
        Self { users: table(n_users), items: table(n_items), biases: Table::new(vec![0.0; n_items]), width }
    }

    /// A user's vector.
    pub(super) fn user(&self, at: usize) -> &[f32] {
        &self.users.values[at * self.width..][..self.width]
    }

    fn item(&self, at: usize) -> &[f32] {
        &self.items.values[at * self.width..][..self.width]
    }

    /// How much more a pair's user wants what was taken up.
    pub(super) fn margin(&self, pair: Pair) -> f32 {
        let score = |item: usize| self.biases.values[item] + dot(self.user(pair.user), self.item(item));
        score(pair.taken) - score(pair.other)
    }

    /// One step of stochastic gradient ascent on `ln sigmoid(margin)` less the penalties; says what the pair cost before it,
    /// in nats.
    ///
    /// # Source
    /// Rendle et al. 2009, section 4.3.1.
    pub(super) fn step(&mut self, pair: Pair, config: &Config) -> f32 {
        let margin = self.margin(pair);
        let pull = 1.0 / (1.0 + margin.exp());
        let rate = config.learning_rate;
        let [user, first, second] = [pair.user, pair.taken, pair.other].map(|row| row * self.width);
        for at in 0..self.width {
            let p = self.users.values[user + at];
            let (taken, other) = (self.items.values[first + at], self.items.values[second + at]);
            self.users.climb(user + at, pull * (taken - other) - config.l2_user * p, rate);
            self.items.climb(first + at, pull * p - config.l2_item * taken, rate);
            self.items.climb(second + at, -pull * p - config.l2_item * other, rate);
        }
        for (item, pull) in [(pair.taken, pull), (pair.other, -pull)] {
            self.biases.climb(item, pull - config.l2_bias * self.biases.values[item], rate);
        }
        softplus(-margin)
    }

    /// Everything, for a checkpoint.
    pub(super) fn put(&self, out: &mut Tensors) {
        self.users.put(out, "users");
        self.items.put(out, "items");
        self.biases.put(out, "biases");
    }

    /// Reads what [`Factors::put`] wrote.
    ///
    /// # Errors
    /// When a tensor is missing or has another length.
    pub(super) fn take(&mut self, from: &mut Tensors) -> Result<(), LearningError> {
        self.users.take(from, "users")?;
        self.items.take(from, "items")?;
        self.biases.take(from, "biases")
    }
}

/// `ln(1 + exp(x))` without overflow.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
