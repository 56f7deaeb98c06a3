//! The two parts together: what a user answers with.

use super::Engagement;
use crate::truth::cell_uniform;
use mdp::{ItemIdx, MeanModel, RewardSource, UserIdx};
use std::sync::Arc;

/// What is believed: the mean and variance of `t * rating + (1 - t) * skipped`, where `t` is 1 with the probability of
/// engagement.
pub(crate) struct TwoPart {
    engagement: Arc<Engagement>,
    ratings: Arc<dyn MeanModel>,
    skipped: f32,
}

impl TwoPart {
    pub(crate) fn new(engagement: Arc<Engagement>, ratings: Arc<dyn MeanModel>, skipped: f32) -> Self {
        Self { engagement, ratings, skipped }
    }

    fn joined(&self, taken: f32, (rating, variance): (f32, f32)) -> (f32, f32) {
        let rating = rating.clamp(1.0, 5.0);
        let gain = rating - self.skipped;
        (self.skipped + taken * gain, taken * variance + taken * (1.0 - taken) * gain * gain)
    }
}

impl MeanModel for TwoPart {
    fn n_users(&self) -> usize {
        self.engagement.n_users()
    }

    fn n_items(&self) -> usize {
        self.engagement.n_items()
    }

    fn predict(&self, user: UserIdx, item: ItemIdx) -> (f32, f32) {
        self.joined(self.engagement.probability(user, item), self.ratings.predict(user, item))
    }

    fn predict_row(&self, user: UserIdx, means: &mut [f32], variances: &mut [f32]) {
        let mut taken = vec![0.0; means.len()];
        self.engagement.fill_probabilities(user, &mut taken);
        self.ratings.predict_row(user, means, variances);
        for ((mean, variance), taken) in means.iter_mut().zip(variances).zip(taken) {
            (*mean, *variance) = self.joined(taken, (*mean, *variance));
        }
    }
}

/// What is true: whether each item is taken up is drawn once, and so is its rating. A cell never changes.
pub(crate) struct TwoPartTruth {
    engagement: Arc<Engagement>,
    ratings: Arc<dyn RewardSource>,
    skipped: f32,
    seed: u64,
}

impl TwoPartTruth {
    pub(crate) fn new(
        engagement: Arc<Engagement>,
        ratings: Arc<dyn RewardSource>,
        skipped: f32,
        seed: u64,
    ) -> Self {
        Self { engagement, ratings, skipped, seed }
    }

    fn is_taken(&self, user: UserIdx, item: ItemIdx, probability: f32) -> bool {
        cell_uniform(self.seed ^ TAKEN, user, item) < f64::from(probability)
    }
}

/// Apart from the draw of ratings.
const TAKEN: u64 = 0x7461_6b65_6e75_7021;

impl RewardSource for TwoPartTruth {
    fn n_users(&self) -> usize {
        self.engagement.n_users()
    }

    fn n_items(&self) -> usize {
        self.engagement.n_items()
    }

    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        if self.is_taken(user, item, self.engagement.probability(user, item)) {
            return self.ratings.reward(user, item);
        }
        self.skipped
    }

    fn fill_row(&self, user: UserIdx, out: &mut [f32]) {
        let mut taken = vec![0.0; out.len()];
        self.engagement.fill_probabilities(user, &mut taken);
        self.ratings.fill_row(user, out);
        for (at, (out, taken)) in out.iter_mut().zip(taken).enumerate() {
            if !self.is_taken(user, ItemIdx(at as u32), taken) {
                *out = self.skipped;
            }
        }
    }
}
