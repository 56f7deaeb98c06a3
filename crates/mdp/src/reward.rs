//! Where rewards come from: a matrix that may never exist in memory.

use crate::{ItemIdx, UserIdx};

/// A user x item reward matrix, given row by row or cell by cell.
pub trait RewardSource: Send + Sync {
    /// Rows.
    fn n_users(&self) -> usize;
    /// Columns.
    fn n_items(&self) -> usize;
    /// One cell, on the 1 to 5 scale.
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32;
    /// One cell of a session that has shown these items, oldest first: what environments answer. The other methods are
    /// about a session that has shown nothing.
    fn reward_after(&self, user: UserIdx, item: ItemIdx, _shown: &[ItemIdx]) -> f32 {
        self.reward(user, item)
    }
    /// Whether [`RewardSource::reward_after`] looks at what was shown. Where it does not, sessions side by side ask for
    /// many cells at once.
    fn looks_at_history(&self) -> bool {
        false
    }
    /// One row. `out` has shape `[items]`.
    fn fill_row(&self, user: UserIdx, out: &mut [f32]) {
        for (index, cell) in out.iter_mut().enumerate() {
            *cell = self.reward(user, ItemIdx(index as u32));
        }
    }
    /// Many cells at once, as thousands of sessions ask for them: `out[i]` is `reward(users[i], items[i])`. A source
    /// that answers from memory does better than one call for each.
    ///
    /// # Shapes
    /// `users`, `items` and `out` have the same length.
    fn fill_cells(&self, users: &[UserIdx], items: &[ItemIdx], out: &mut [f32]) {
        for ((cell, &user), &item) in out.iter_mut().zip(users).zip(items) {
            *cell = self.reward(user, item);
        }
    }
}

/// A predictive distribution over rewards: what a world model believes before the truth is drawn.
pub trait MeanModel: Send + Sync {
    /// Rows.
    fn n_users(&self) -> usize;
    /// Columns.
    fn n_items(&self) -> usize;
    /// Mean and variance of one cell, the mean on the 1 to 5 scale but not clipped to it.
    fn predict(&self, user: UserIdx, item: ItemIdx) -> (f32, f32);
    /// One row of means and variances, both of shape `[items]`.
    fn predict_row(&self, user: UserIdx, means: &mut [f32], variances: &mut [f32]) {
        for index in 0..means.len() {
            (means[index], variances[index]) = self.predict(user, ItemIdx(index as u32));
        }
    }
}
