//! What a belief says about all items, without spreading it over them first.

use super::{RankingIndex, TILE, Tile};
use kernels::{add_product, add_scaled, square_roots};
use representation::SessionState;

/// A belief, its shared part worked out by group: mean m.x and variance x'Cx.
pub(super) struct Quadratic<'a> {
    mean: &'a [f32],
    covariance: &'a [f32],
    mean_by_group: Vec<f32>,
    /// For each own column: twice its covariance with the shared ones.
    mixed_by_group: Vec<Vec<f32>>,
    variance_by_group: Vec<f32>,
}

impl<'a> Quadratic<'a> {
    pub(super) fn new(index: &RankingIndex, session: &'a SessionState) -> Self {
        let belief = session.belief();
        let width = belief.mean.len();
        let covariance = |a: usize, b: usize| belief.covariance[a * width + b];
        let both = |a: usize, b: usize| covariance(a, b) + covariance(b, a);
        let taste = &index.taste;
        let mixed = |(own, _): &(usize, Vec<f32>)| taste.product(|shared| both(*own, shared));
        let variance = |entries: &[(u32, f32)]| {
            let mut sum = 0.0;
            for (at, &(a, x)) in entries.iter().enumerate() {
                let a = a as usize;
                let row = entries[..at].iter().map(|&(b, y)| both(a, b as usize) * y).sum::<f32>();
                sum += (covariance(a, a) * x + row) * x;
            }
            sum
        };
        Self {
            mean: &belief.mean,
            covariance: &belief.covariance,
            mean_by_group: taste.product(|shared| belief.mean[shared]),
            mixed_by_group: taste.own.iter().map(mixed).collect(),
            variance_by_group: taste.groups().map(variance).collect(),
        }
    }

    pub(super) fn fill(
        &self,
        index: &RankingIndex,
        tile: &Tile,
        out: (&mut [f32], &mut [f32]),
        scratch: &mut [f32; TILE],
    ) {
        let (predicted, deviation) = out;
        let places = tile.places.clone();
        let scratch = &mut scratch[..places.len()];
        let width = self.mean.len();
        let both = |a: usize, b: usize| self.covariance[a * width + b] + self.covariance[b * width + a];
        tile.spread(&self.mean_by_group, predicted);
        tile.spread(&self.variance_by_group, deviation);
        for (at, ((a, column), mixed)) in index.taste.own.iter().zip(&self.mixed_by_group).enumerate() {
            let column = &column[places.clone()];
            add_scaled(predicted, self.mean[*a], column);
            tile.spread(mixed, scratch);
            add_scaled(scratch, self.covariance[a * width + a], column);
            for (b, other) in &index.taste.own[..at] {
                add_scaled(scratch, both(*a, *b), &other[places.clone()]);
            }
            add_product(deviation, scratch, column);
        }
        add_scaled(predicted, 1.0, &index.offsets[places]);
        square_roots(deviation);
    }
}
