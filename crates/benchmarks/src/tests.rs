//! The names, and the plain twin of the world model; nothing is timed.

use crate::plain_deepfm::PlainDeepFm;
use crate::{Axis, BENCHMARKS, Figure, Point, plot};
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

#[test]
fn a_sweep_is_drawn_with_every_job() {
    let point = |job, size, micros| Point { axis: Axis::Items, job, size, micros, growth: None };
    let points = [point("one job", 10, 5.0), point("one job", 100, 40.0), point("another", 10, 9.0)];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep.svg");
    plot(&points, &path).unwrap();
    let svg = std::fs::read_to_string(path).unwrap();
    assert!(
        svg.contains("one job") && svg.contains("another") && svg.matches("<circle").count() == 3,
        "{svg}"
    );
    assert!(plot(&points, &folder.path().join("no folder/sweep.svg")).is_err());
}
