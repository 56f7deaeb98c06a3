//! A limit for worlds that come without one: that at which a uniformly random policy loses its users as often as it should.

use crate::window::{COUNT, LENGTH, SOFTNESS};
use crate::{DistanceSource, ItemFeatures, Parameters};
use catalogue::TextVectors;
use mdp::{ItemIdx, rng_for};
use rand::RngExt as _;

/// The hazard of the distance exit in the published Amazon rollouts: 7.8 % of the steps, rounded.
pub const PUBLISHED_DISTANCE_HAZARD: f64 = 0.08;

/// The hazard of the similarity exit where no threshold is given: what the category window gives a uniform
/// policy on MovieLens latest-small.
pub const DEFAULT_SIMILARITY_HAZARD: f64 = 0.2;

const N_SAMPLES: usize = 20_000;

/// How a rule finds a value for its open parameter, the others being given.
#[derive(Clone, Copy, Debug)]
pub struct Calibration {
    /// The share of a uniform policy's steps, after a full window, that end their session by content.
    pub hazard: f64,
    /// The value with that hazard among items with these features.
    pub fit: fn(&UniformHazard, &ItemFeatures) -> f32,
}

/// How often a uniformly random policy is to lose its users because the `count` nearest of the last `window` items are too
/// near.
///
/// # Source
/// The published thresholds (15, 50) belong to matrices of other sizes; what carries over is the hazard seen in
/// the published Amazon rollouts, which are uniform.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UniformHazard {
    /// How many of the last items are recent.
    pub window: usize,
    /// How many of them must be near; 1 to `window`.
    pub count: usize,
    /// The spread of the limit, in its units; 0 for a hard one.
    pub softness: f32,
    /// The share of steps that end their session, each as likely as the softness says.
    pub hazard: f64,
    /// Names the items that are drawn.
    pub seed: u64,
}

impl UniformHazard {
    /// Of a rule with these parameters, the limit itself being open.
    pub(crate) fn of_parameters(parameters: &Parameters, hazard: f64, seed: u64) -> Self {
        Self {
            window: parameters.count(LENGTH.name),
            count: parameters.count(COUNT.name),
            softness: parameters.number(SOFTNESS.name),
            hazard,
            seed,
        }
    }

    /// The distance below which items are near. Under a soft limit it may be negative: where even items of no distance leave
    /// too much to chance.
    ///
    /// # Panics
    /// If there are no items, or the count is 0 or more than the window.
    pub fn distance(&self, distances: &dyn DistanceSource) -> f32 {
        let nearest = self.nearest(distances.n_items(), |a, b| distances.distance(a, b));
        let (limit, at) = (self.limit(&nearest), self.place());
        if self.softness > 0.0 {
            return limit;
        }
        // Where many items have one and the same column, the next distance beyond may come nearer to the hazard.
        let (below, next) =
            (nearest.partition_point(|&d| d < limit), nearest.partition_point(|&d| d <= limit));
        if next < nearest.len() && next - at < at - below { nearest[next] } else { limit }
    }

    /// The similarity from which on texts are near; under a soft limit it may be more than 1.
    ///
    /// # Panics
    /// As [`UniformHazard::distance`].
    pub fn similarity(&self, texts: &TextVectors) -> f32 {
        let n_items = texts.rows().len() / texts.width();
        let limit = -self.limit(&self.nearest(n_items, |a, b| -texts.similarity(a, b)));
        // A similarity of equal texts may be rounded to more than 1.
        if self.softness == 0.0 { limit.min(1.0) } else { limit }
    }

    /// The `count`-th smallest distances between an item and `window` others, all drawn uniformly, ascending. What nobody shows twice
    /// is not compared with itself, which in a small catalogue would count.
    fn nearest(&self, n_items: usize, distance: impl Fn(ItemIdx, ItemIdx) -> f32) -> Vec<f32> {
        assert!(n_items > 0, "a catalogue with items");
        let mut rng = rng_for(self.seed, &[0x7468_7265]);
        let mut draw = || ItemIdx(rng.random_range(0..n_items as u32));
        let mut nth = |_| {
            let item = draw();
            let others = std::iter::repeat_with(&mut draw).filter(|&other| other != item || n_items == 1);
            let mut all: Vec<f32> = others.take(self.window).map(|other| distance(item, other)).collect();
            all.sort_by(f32::total_cmp);
            all[self.count - 1]
        };
        let mut nearest: Vec<f32> = (0..N_SAMPLES).map(&mut nth).collect();
        nearest.sort_by(f32::total_cmp);
        nearest
    }

    /// Which of the ascending distances has the hazard's share of them below it.
    fn place(&self) -> usize {
        ((N_SAMPLES as f64 * self.hazard) as usize).min(N_SAMPLES - 1)
    }

    fn limit(&self, nearest: &[f32]) -> f32 {
        if self.softness > 0.0 { self.soft_limit(nearest) } else { nearest[self.place()] }
    }

    /// The limit at which the mean of `sigma((limit - d) / softness)` over these ascending distances is the hazard, by bisection.
    fn soft_limit(&self, nearest: &[f32]) -> f32 {
        let softness = f64::from(self.softness);
        let hazard = |limit: f64| {
            let leaving = |&d: &f32| 1.0 / (1.0 + ((f64::from(d) - limit) / softness).exp());
            nearest.iter().map(leaving).sum::<f64>() / nearest.len() as f64
        };
        // Beyond the outermost distance by so many softnesses, nobody leaves or everybody does.
        let far = 50.0 * softness;
        let (mut low, mut high) = (f64::from(nearest[0]) - far, f64::from(nearest[nearest.len() - 1]) + far);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if hazard(middle) < self.hazard { low = middle } else { high = middle }
        }
        high as f32
    }
}
