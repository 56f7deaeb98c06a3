//! A matrix world in memory.

use environment::{DistanceSource, Environment, EnvironmentError, ExitRule, ItemFeatures};
use mdp::{ItemIdx, RewardSource, Rng, UserIdx, rng_for};
use rand::RngExt as _;
use std::sync::Arc;

struct Matrix {
    n_columns: usize,
    cells: Vec<f32>,
}

impl RewardSource for Matrix {
    fn n_users(&self) -> usize {
        self.cells.len() / self.n_columns
    }
    fn n_items(&self) -> usize {
        self.n_columns
    }
    #[inline]
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        self.cells[user.index() * self.n_columns + item.index()]
    }
}

impl DistanceSource for Matrix {
    fn n_items(&self) -> usize {
        self.n_columns
    }
    fn distance(&self, a: ItemIdx, b: ItemIdx) -> f32 {
        self.cells[a.index() * self.n_columns + b.index()]
    }
}

/// Whole rewards of which one in thirty is low, distances of all pairs, and the exit rule `ilrec` under which uniform items
/// end 8 % of the steps by distance, horizon 100.
pub(crate) fn matrix_world(n_users: usize, n_items: usize) -> Result<Environment, EnvironmentError> {
    let rng = &mut rng_for(0, &[1]);
    let reward =
        |rng: &mut Rng| if rng.random_range(0..30) == 0 { 1.0 } else { rng.random_range(2..6) as f32 };
    let rewards = (0..n_users * n_items).map(|_| reward(rng)).collect();
    let distances = (0..n_items * n_items).map(|_| 100.0 * rng.random::<f32>()).collect();
    let distances = Arc::new(Matrix { n_columns: n_items, cells: distances });
    let features = ItemFeatures::default().with_distances(distances);
    let rewards = Arc::new(Matrix { n_columns: n_items, cells: rewards });
    Environment::new(rewards, features, ExitRule::ilrec(2.0), 100)
}
