//! The replay against its definition.

use learning::{Draw, Replay, SumTree};
use mdp::rng_for;
use proptest::prelude::*;
use std::collections::HashSet;

fn draw_batch(
    n_env: usize,
    demos: &mut SumTree,
    env_priority: f64,
    n: usize,
    rng: &mut mdp::Rng,
) -> Vec<Draw> {
    Replay::default().draw(n_env, demos, env_priority, n, rng).to_vec()
}

fn demo_rows(batch: &[Draw]) -> Vec<usize> {
    let row = |draw: &Draw| match *draw {
        Draw::Demonstration(row) => Some(row),
        Draw::Environment(_) => None,
    };
    batch.iter().filter_map(row).collect()
}

#[test]
fn demonstrations_without_weight_never_beat_the_environment() {
    let mut tree = SumTree::new(&[0.0; 5]);
    for seed in 0..50 {
        assert!(demo_rows(&draw_batch(20, &mut tree, 0.05, 8, &mut rng_for(seed, &[]))).is_empty());
    }
    // With nothing else to draw, or no priority for the environment, they do come.
    assert_eq!(draw_batch(0, &mut tree, 0.05, 3, &mut rng_for(1, &[])).len(), 3);
    let all = draw_batch(2, &mut tree, 0.0, 8, &mut rng_for(1, &[]));
    assert_eq!(demo_rows(&all).len(), 5, "no priority at all stops the draw: {all:?}");
}

#[test]
fn shares_follow_the_priorities() {
    // Totals of the published test: 2 environment rows at scale 1 make 2.0, demonstrations .25 + 2.75 make 3.0.
    let mut tree = SumTree::new(&[0.25, 2.75]);
    assert_eq!(tree.total(), 3.0);
    let n_rounds = 30_000;
    let mut counts = [0usize; 3];
    for seed in 0..n_rounds {
        match draw_batch(2, &mut tree, 1.0, 1, &mut rng_for(seed, &[9]))[0] {
            Draw::Environment(_) => counts[0] += 1,
            Draw::Demonstration(row) => counts[1 + row] += 1,
        }
    }
    let share = |count: usize| count as f64 / n_rounds as f64;
    assert!((share(counts[0]) - 0.4).abs() < 0.01, "{counts:?}");
    assert!((share(counts[1]) - 0.05).abs() < 0.006 && (share(counts[2]) - 0.55).abs() < 0.01, "{counts:?}");
}

#[test]
fn without_replacement_the_second_draw_is_conditional() {
    // Weights 1 and 3, both drawn: the heavier comes first three times in four; order is then shuffled, so look at
    // which row is missing when two of three are drawn instead. P(row 0 missing) has the closed form below.
    let weights = [1.0f32, 2.0, 3.0];
    let mut tree = SumTree::new(&weights);
    let n_rounds = 30_000;
    let missing = (0..n_rounds)
        .filter(|&seed| !demo_rows(&draw_batch(0, &mut tree, 1.0, 2, &mut rng_for(seed, &[3]))).contains(&0))
        .count();
    let expected = (2.0 / 6.0) * (3.0 / 4.0) + (3.0 / 6.0) * (2.0 / 3.0);
    assert!((missing as f64 / n_rounds as f64 - expected).abs() < 0.01);
}

proptest! {
    #[test]
    fn all_weights_at_once_are_all_weights_one_by_one(
        weights in prop::collection::vec((0.0f32..5.0, 0.0f32..5.0), 1..40)
    ) {
        let (before, after): (Vec<f32>, Vec<f32>) = weights.into_iter().unzip();
        let (mut at_once, mut one_by_one) = (SumTree::new(&before), SumTree::new(&before));
        at_once.set_all(&after);
        after.iter().enumerate().for_each(|(row, &weight)| one_by_one.set(row, f64::from(weight)));
        prop_assert_eq!(at_once, one_by_one);
    }

    #[test]
    fn batches_are_distinct_complete_and_leave_the_tree_alone(
        weights in prop::collection::vec(0.0f32..5.0, 0..40), n_env in 0usize..40, n in 1usize..12, seed: u64,
    ) {
        let mut tree = SumTree::new(&weights);
        let before = tree.clone();
        let batch = draw_batch(n_env, &mut tree, 0.05, n, &mut rng_for(seed, &[]));
        prop_assert_eq!(batch.iter().collect::<HashSet<_>>().len(), batch.len());
        prop_assert_eq!(batch.len(), n.min(n_env + weights.len()));
        prop_assert_eq!(&tree, &before);
        prop_assert_eq!(batch, draw_batch(n_env, &mut tree, 0.05, n, &mut rng_for(seed, &[])));
    }

    #[test]
    fn trees_find_what_the_running_sum_finds(
        weights in prop::collection::vec(0u8..4, 1..40), share in 0.0f64..1.0, change in 0usize..40, to in 0u8..4,
    ) {
        // Whole weights, so that both ways of adding are exact.
        let mut plain: Vec<f32> = weights.iter().map(|&w| f32::from(w)).collect();
        let mut tree = SumTree::new(&plain);
        let change = change % plain.len();
        plain[change] = f32::from(to);
        tree.set(change, f64::from(to));
        let total: f32 = plain.iter().sum();
        prop_assert_eq!(tree.total(), f64::from(total));
        prop_assume!(total > 0.0);
        let point = share * tree.total();
        let mut running = 0.0;
        let want = plain.iter().position(|&w| { running += f64::from(w); point < running });
        prop_assert_eq!(Some(tree.find(point)), want);
    }
}
