//! Rating columns as short vectors, for rules that look at their distance.

use environment::DistanceSource;
use mdp::{ItemIdx, MeanModel, UserIdx, rng_for};
use rand::seq::SliceRandom as _;

/// One vector per item whose Euclidean distances are those of the items' columns of mean ratings over all users.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    width: usize,
    rows: Vec<f32>,
}

/// Users whose predictions stand for all where there is no closed form.
const N_SAMPLED_USERS: usize = 512;

impl Columns {
    /// Vectors as they are, `[items, width]`.
    ///
    /// # Panics
    /// If they are not a whole number of rows.
    pub fn new(width: usize, rows: Vec<f32>) -> Self {
        assert!(width > 0 && rows.len().is_multiple_of(width), "whole rows");
        Self { width, rows }
    }

    /// The predicted columns of 512 users drawn from the seed (or all, if there are fewer), scaled by the root of
    /// users over sampled users: exact for few users, an unbiased estimate of squared distances for many.
    pub fn sampled(model: &dyn MeanModel, users: &[UserIdx], n_users: usize, seed: u64) -> Self {
        let mut sample = users.to_vec();
        sample.shuffle(&mut rng_for(seed, &[0x636f_6c75]));
        sample.truncate(N_SAMPLED_USERS);
        let (width, n_items) = (sample.len().max(1), model.n_items());
        let scale = (n_users as f32 / width as f32).sqrt();
        let mut rows = vec![0.0; n_items * width];
        let (mut means, mut variances) = (vec![0.0; n_items], vec![0.0; n_items]);
        for (column, &user) in sample.iter().enumerate() {
            model.predict_row(user, &mut means, &mut variances);
            for (item, mean) in means.iter().enumerate() {
                rows[item * width + column] = scale * mean;
            }
        }
        Self { width, rows }
    }

    /// The vector of one item.
    pub fn row(&self, item: ItemIdx) -> &[f32] {
        &self.rows[item.index() * self.width..(item.index() + 1) * self.width]
    }
}

impl DistanceSource for Columns {
    fn n_items(&self) -> usize {
        self.rows.len() / self.width
    }

    fn distance(&self, a: ItemIdx, b: ItemIdx) -> f32 {
        let squares = self.row(a).iter().zip(self.row(b)).map(|(x, y)| (x - y) * (x - y));
        squares.sum::<f32>().sqrt()
    }
}
