//! The names, and the plain twin of the world model; nothing is timed.

use crate::plain_deepfm::PlainDeepFm;
use crate::{BENCHMARKS, Figure};
use mdp::{ItemIdx, UserIdx, rng_for};
use world_model::Rating;

#[test]
fn names_are_told_apart_and_ratios_say_faster() {
    let mut names: Vec<&str> = BENCHMARKS.iter().map(|bench| bench.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), BENCHMARKS.len());
    assert_eq!(Figure::rate(String::new(), "rows/s", 6.0, 2.0).ratio, 3.0);
    assert_eq!(Figure::micros(String::new(), 2.0, 6.0).ratio, 3.0);
}

#[test]
fn the_plain_network_learns_a_cell() {
    let mut network = PlainDeepFm::new(3, 3, &mut rng_for(0, &[]));
    let cell = Rating { user: UserIdx(1), item: ItemIdx(2), value: 5.0 };
    let before = network.mean(&cell);
    (0..2000).for_each(|_| network.learn(&cell));
    assert!((network.mean(&cell) - 5.0).abs() < 0.1 * (before - 5.0).abs());
}
