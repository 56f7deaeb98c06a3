//! A distance threshold for worlds that come without one.

use crate::DistanceSource;
use catalogue::TextVectors;
use mdp::{ItemIdx, rng_for};
use rand::RngExt as _;

/// The hazard of the distance exit in the published Amazon rollouts: 7.8 % of the steps, rounded.
pub const PUBLISHED_DISTANCE_HAZARD: f64 = 0.08;

const N_SAMPLES: usize = 20_000;

/// The hazard of the similarity exit where no threshold is given: what the category window gives a uniform
/// policy on MovieLens latest-small.
pub const DEFAULT_SIMILARITY_HAZARD: f64 = 0.2;

/// The distance below which the `count` nearest of the last `window` items make a uniformly random policy leave in a
/// share `hazard` of its steps.
///
/// # Source
/// The published thresholds (15, 50) belong to matrices of other sizes; what carries over is the hazard seen in
/// the published Amazon rollouts, which are uniform.
///
/// # Panics
/// If there are no items, or the count is 0 or more than the window.
pub fn calibrated_distance(
    distances: &dyn DistanceSource,
    (window, count): (usize, usize),
    hazard: f64,
    seed: u64,
) -> f32 {
    quantile_of_nearest((distances.n_items(), window, count), hazard, seed, |a, b| distances.distance(a, b))
}

/// The text similarity that the `count` most similar of the last `window` items reach in a share `hazard` of a
/// uniformly random policy's steps.
///
/// # Panics
/// If there are no items, or the count is 0 or more than the window.
pub fn calibrated_similarity(
    (texts, n_items): (&TextVectors, usize),
    (window, count): (usize, usize),
    hazard: f64,
    seed: u64,
) -> f32 {
    -quantile_of_nearest((n_items, window, count), hazard, seed, |a, b| -texts.similarity(a, b))
}

/// The `hazard` quantile of the `count`-th smallest distance between an item and `window` others, all drawn
/// uniformly.
fn quantile_of_nearest(
    (n_items, window, count): (usize, usize, usize),
    hazard: f64,
    seed: u64,
    distance: impl Fn(ItemIdx, ItemIdx) -> f32,
) -> f32 {
    assert!(n_items > 0, "a catalogue with items");
    let mut rng = rng_for(seed, &[0x7468_7265]);
    let mut draw = || ItemIdx(rng.random_range(0..n_items as u32));
    let mut nearest: Vec<f32> = (0..N_SAMPLES)
        .map(|_| {
            let item = draw();
            let mut all: Vec<f32> = (0..window).map(|_| distance(item, draw())).collect();
            all.sort_by(f32::total_cmp);
            all[count - 1]
        })
        .collect();
    nearest.sort_by(f32::total_cmp);
    nearest[((N_SAMPLES as f64 * hazard) as usize).min(N_SAMPLES - 1)]
}
