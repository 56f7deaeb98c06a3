//! Whether a user takes up what is shown: the first of the two parts of feedback.
//!
//! The odds of a choice against a sampled cell are fitted ([`odds`]) to a score of an item-item model and to popularity. How
//! often an item that is *shown* is taken up is in no log: it is the base rate of [`EngagementConfig`]. `docs/worlds.md` tells
//! the whole story with its equations.

mod beside;
mod config;
mod feedback;
mod fit;
mod odds;
mod report;
mod store;

pub use beside::{Beside, BesideEase};
pub use config::{EngagementConfig, EngagementFamily, Feedback};
pub(crate) use feedback::{TwoPart, TwoPartTruth};
pub(crate) use fit::{EASE, Given, KNN};
pub(crate) use report::half_ties;
pub use report::{EngagementReport, ReliabilityBin};
pub(crate) use store::Numbers;

use collaborative::{Choices, ItemItem};
use mdp::{ItemIdx, UserIdx};
use odds::Odds;

/// A fitted model of who takes up what.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Engagement {
    /// What having chosen an item says about others; nothing for a model that knows popularity alone.
    items: ItemItem,
    /// What each user chose in the part of the log that this model may know.
    choices: Choices,
    /// Root mean square of every user's scores, `[users]`; 1 for a user without any.
    spreads: Vec<f32>,
    /// How many users chose each item, `[items]`.
    counts: Vec<u32>,
    odds: Odds,
    taken: Taken,
}

/// From odds to how likely something shown is taken up: `min(MOST, scale * sigmoid(logit + shift))`.
///
/// Shifting logits alone until choices are taken up often enough makes everything that is popular certain; what was tried
/// is in `docs/experiments/engagement.md`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Taken {
    shift: f64,
    scale: f64,
}

/// Nothing that is shown is taken up for certain.
const MOST: f64 = 0.95;
/// The mean probability of choices at which probabilities still are proportional to odds.
const NATURAL: f64 = 0.02;

impl Taken {
    /// Such that the choices of these logits are taken up with this mean probability.
    fn of(logits: &[f64], base_rate: f64) -> Self {
        let mean = |taken: Taken| {
            logits.iter().map(|logit| taken.probability(*logit)).sum::<f64>() / logits.len().max(1) as f64
        };
        let shift = bisected(-40.0, 40.0, |shift| mean(Taken { shift, scale: 1.0 }) < NATURAL);
        let log_scale = bisected(-10.0, 20.0, |log| mean(Taken { shift, scale: log.exp() }) < base_rate);
        Self { shift, scale: log_scale.exp() }
    }

    fn probability(self, logit: f64) -> f64 {
        (self.scale * odds::sigmoid(logit + self.shift)).min(MOST)
    }
}

/// Where `is_below` turns from true to false.
fn bisected(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if is_below(middle) { low = middle } else { high = middle }
    }
    low
}

impl Engagement {
    pub(crate) fn n_users(&self) -> usize {
        self.choices.n_users()
    }

    pub(crate) fn n_items(&self) -> usize {
        self.choices.n_items()
    }

    /// How likely a user is to take up an item that is shown.
    pub(crate) fn probability(&self, user: UserIdx, item: ItemIdx) -> f32 {
        self.taken.probability(self.logit(user, item)) as f32
    }

    /// The same for every item, `[items]`.
    pub(crate) fn fill_probabilities(&self, user: UserIdx, out: &mut [f32]) {
        out.fill(0.0);
        self.add_scores(user, out);
        for (at, out) in out.iter_mut().enumerate() {
            *out = self.taken.probability(self.logit_of_score(user, at, *out)) as f32;
        }
    }

    /// The logarithm of the odds that a user chooses an item, up to a constant of the user's: every choice is held against one
    /// cell of the same user, so that the odds say nothing of who chooses more.
    pub(crate) fn logit(&self, user: UserIdx, item: ItemIdx) -> f64 {
        self.logit_of_score(user, item.index(), self.score(user, item))
    }

    fn score(&self, user: UserIdx, item: ItemIdx) -> f32 {
        let chosen = self.choices.items_of(user.index());
        chosen.iter().map(|&from| self.items.weight(ItemIdx(from), item)).sum()
    }

    fn add_scores(&self, user: UserIdx, scores: &mut [f32]) {
        for &item in self.choices.items_of(user.index()) {
            self.items.add(ItemIdx(item), 1.0, scores);
        }
    }

    fn logit_of_score(&self, user: UserIdx, item: usize, score: f32) -> f64 {
        self.odds.logit(self.relative(user, score), self.counts[item])
    }

    fn relative(&self, user: UserIdx, score: f32) -> f64 {
        f64::from(score / self.spreads[user.index()])
    }
}

#[cfg(test)]
mod tests;
