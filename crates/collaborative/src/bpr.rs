//! BPR-MF: users and items as vectors, so that what a user took up is ranked above what the user did not.

mod folded;

pub use folded::FoldedIn;

use crate::{Choices, CollaborativeError};
use kernels::dot;
use mdp::Rng;
use rand::RngExt as _;

/// Keeps Adagrad's first steps finite.
const EPSILON: f32 = 1e-8;

/// Settings of the steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BprConfig {
    /// Numbers that an item or a user is described by.
    pub n_factors: usize,
    /// Of Adagrad.
    pub learning_rate: f32,
    /// Standard deviation of the vectors before learning.
    pub first_deviation: f32,
    /// Penalty on a step's user,
    pub l2_user: f32,
    /// on its two items,
    pub l2_item: f32,
    /// and on their biases.
    pub l2_bias: f32,
}

/// Numbers that Adagrad moves.
#[derive(Clone, Debug, PartialEq)]
pub struct BprTable {
    /// The numbers.
    pub values: Vec<f32>,
    /// Sums of squared gradients, as many.
    pub squares: Vec<f32>,
}

impl BprTable {
    fn new(values: Vec<f32>) -> Self {
        Self { squares: vec![0.0; values.len()], values }
    }

    /// Moves one number along its gradient.
    fn climb(&mut self, at: usize, gradient: f32, learning_rate: f32) {
        self.squares[at] += gradient * gradient;
        self.values[at] += learning_rate * gradient / (self.squares[at].sqrt() + EPSILON);
    }
}

/// A user, an item that the user took up, and one that the user did not.
#[derive(Clone, Copy, Debug)]
pub struct BprPair {
    /// The user.
    pub user: usize,
    /// What was taken up.
    pub taken: usize,
    /// What was not.
    pub other: usize,
}

/// What pairs are drawn from: every choice of users who left something.
#[derive(Clone, Debug)]
pub struct BprPairs {
    choices: Choices,
    /// Users and items.
    drawn: Vec<(u32, u32)>,
}

impl BprPairs {
    /// Of these choices.
    ///
    /// # Errors
    /// When nobody chose some items and left others.
    pub fn of(choices: Choices) -> Result<Self, CollaborativeError> {
        let of_user = |user: usize| choices.items_of(user).iter().map(move |&item| (user as u32, item));
        let leaves_something = |user: &usize| choices.items_of(*user).len() < choices.n_items();
        let drawn: Vec<(u32, u32)> =
            (0..choices.n_users()).filter(leaves_something).flat_map(of_user).collect();
        if drawn.is_empty() { Err(CollaborativeError::NoChoices) } else { Ok(Self { choices, drawn }) }
    }

    /// The choices.
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// How many choices pairs are drawn from: a round is as many steps.
    #[expect(clippy::len_without_is_empty, reason = "there is one at least")]
    pub fn len(&self) -> usize {
        self.drawn.len()
    }

    /// A choice, and an item that its user did not take up; each as likely as any other.
    pub fn draw(&self, rng: &mut Rng) -> BprPair {
        let (user, taken) = self.drawn[rng.random_range(0..self.drawn.len())];
        let of_user = self.choices.items_of(user as usize);
        let other = loop {
            let item = rng.random_range(0..self.choices.n_items() as u32);
            if of_user.binary_search(&item).is_err() {
                break item;
            }
        };
        BprPair { user: user as usize, taken: taken as usize, other: other as usize }
    }
}

/// Everything that is learned.
#[derive(Clone, Debug, PartialEq)]
pub struct BprFactors {
    width: usize,
    /// `[users, width]`.
    pub users: BprTable,
    /// `[items, width]`.
    pub items: BprTable,
    /// `[items]`.
    pub biases: BprTable,
}

impl BprFactors {
    /// Small random vectors, and no biases.
    pub fn new(n_users: usize, n_items: usize, config: &BprConfig, rng: &mut Rng) -> Self {
        let width = config.n_factors;
        let mut table = |n: usize| BprTable::new(nn::normals(n * width, config.first_deviation, rng));
        Self {
            users: table(n_users),
            items: table(n_items),
            biases: BprTable::new(vec![0.0; n_items]),
            width,
        }
    }

    /// A user's vector.
    pub fn user(&self, at: usize) -> &[f32] {
        &self.users.values[at * self.width..][..self.width]
    }

    fn item(&self, at: usize) -> &[f32] {
        &self.items.values[at * self.width..][..self.width]
    }

    /// How much more a pair's user wants what was taken up.
    pub fn margin(&self, pair: BprPair) -> f32 {
        let score = |item: usize| self.biases.values[item] + dot(self.user(pair.user), self.item(item));
        score(pair.taken) - score(pair.other)
    }

    /// One step of stochastic gradient ascent on `ln sigmoid(margin)` less the penalties; says what the pair cost before it,
    /// in nats.
    ///
    /// # Source
    /// Rendle et al. 2009, section 4.3.1.
    pub fn step(&mut self, pair: BprPair, config: &BprConfig) -> f32 {
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

    /// One step for every choice, each on a pair that is drawn; says what a pair cost on average.
    pub fn round(&mut self, pairs: &BprPairs, config: &BprConfig, rng: &mut Rng) -> f64 {
        let mut total = 0.0;
        for _ in 0..pairs.len() {
            let pair = pairs.draw(rng);
            total += f64::from(self.step(pair, config));
        }
        total / pairs.len() as f64
    }

    /// The items, with a scale for users of these choices.
    pub fn folded_in(&self, choices: &Choices) -> FoldedIn {
        let mut out = FoldedIn::new(self.items.values.clone(), self.biases.values.clone());
        out.fit_scale((0..choices.n_users()).map(|user| (choices.items_of(user), self.user(user))));
        out
    }
}

/// `ln(1 + exp(x))` without overflow.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests;
