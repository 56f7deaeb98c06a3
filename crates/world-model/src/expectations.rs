//! What a world gives on average: its drawn ratings, without the luck of the draw.

use crate::engagement::Engagement;
use evaluation::Expectations;
use evaluation::statistics::normal_cdf;
use mdp::{MeanModel, UserIdx};
use std::sync::Arc;

/// Expected rewards and chances of low ones under [`crate::DrawnTruth`] and, where feedback has two parts, under engagement. What
/// has no variance is drawn as it is.
pub(crate) struct DrawnExpectations {
    pub(crate) ratings: Arc<dyn MeanModel>,
    pub(crate) engagement: Option<Arc<Engagement>>,
    /// What an item earns that is not taken up.
    pub(crate) skipped: f32,
}

impl Expectations for DrawnExpectations {
    fn n_items(&self) -> usize {
        self.ratings.n_items()
    }

    fn expected_row(&self, user: UserIdx, limit: f32, rewards: &mut [f32], low: &mut [f32]) {
        self.ratings.predict_row(user, rewards, low);
        for (mean, variance) in rewards.iter_mut().zip(low.iter_mut()) {
            (*mean, *variance) = drawn(*mean, *variance, limit);
        }
        let Some(engagement) = &self.engagement else { return };
        let mut taken = vec![0.0; rewards.len()];
        engagement.fill_probabilities(user, &mut taken);
        let skipped_is_low = f32::from(u8::from(self.skipped < limit));
        for ((reward, low), taken) in rewards.iter_mut().zip(low).zip(taken) {
            *reward = taken * *reward + (1.0 - taken) * self.skipped;
            *low = taken * *low + (1.0 - taken) * skipped_is_low;
        }
    }
}

/// Expectation of a whole rating from 1 to 5 drawn around a mean, and the chance that it is below `limit`.
fn drawn(mean: f32, variance: f32, limit: f32) -> (f32, f32) {
    if variance <= 0.0 {
        return (mean, f32::from(u8::from(mean < limit)));
    }
    let deviation = f64::from(variance).sqrt();
    let (mut expected, mut low, mut below) = (0.0, 0.0, 0.0);
    for rating in 1..=5u8 {
        let to = match rating {
            5 => 1.0,
            _ => normal_cdf((f64::from(rating) + 0.5 - f64::from(mean)) / deviation),
        };
        expected += f64::from(rating) * (to - below);
        if f32::from(rating) < limit {
            low += to - below;
        }
        below = to;
    }
    (expected as f32, low as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DrawnTruth;
    use mdp::{ItemIdx, RewardSource as _};

    /// Every item of a user has the same mean and variance.
    struct Even(f32, f32);

    impl MeanModel for Even {
        fn n_users(&self) -> usize {
            1
        }

        fn n_items(&self) -> usize {
            40_000
        }

        fn predict(&self, _user: UserIdx, _item: ItemIdx) -> (f32, f32) {
            (self.0, self.1)
        }
    }

    #[test]
    fn what_is_expected_is_what_is_drawn_on_average() {
        for (mean, variance) in [(3.2, 0.8), (1.1, 1.5), (5.4, 0.3), (2.0, 0.0)] {
            let truth = DrawnTruth::new(Arc::new(Even(mean, variance)), 3);
            let mut row = vec![0.0; 40_000];
            truth.fill_row(UserIdx(0), &mut row);
            let n = row.len() as f32;
            let found = (row.iter().sum::<f32>() / n, row.iter().filter(|r| **r < 2.0).count() as f32 / n);
            assert_eq!(truth.reward(UserIdx(0), ItemIdx(5)), row[5]);
            let told = drawn(mean, variance, 2.0);
            assert!((found.0 - told.0).abs() < 0.02 && (found.1 - told.1).abs() < 0.01, "{found:?} {told:?}");
        }
    }
}
