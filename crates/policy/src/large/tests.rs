//! The large-batch step against the small-batch one, and against itself on other numbers of threads.

use super::*;
use crate::{Actor, PolicyRow, StateInput};
use mdp::{ItemIdx, rng_for};
use nn::TrackerConfig;

const CONFIG: ActorConfig = ActorConfig {
    n_users: 20,
    n_items: 150,
    tracker: TrackerConfig { width: 16, window: 3, n_layers: 2, dropout: 0.0 },
    logit_limit: 4.0,
    learning_rate: 1e-2,
    row_norm_limit: f32::INFINITY,
    bias_limit: f32::INFINITY,
};
const LOSS: LossConfig = LossConfig { entropy: 0.1, imitation: 0.5, logit_limit: 4.0 };

/// Forty states with histories of no item to three.
fn histories(round: usize) -> Vec<Vec<(ItemIdx, f32)>> {
    let item = |state: usize, step: usize| ItemIdx(((state * 7 + step * 31 + round * 13) % 150) as u32);
    (0..40).map(|state| (0..state % 4).map(|step| (item(state, step), step as f32)).collect()).collect()
}

fn batch(histories: &[Vec<(ItemIdx, f32)>]) -> Vec<ActorRow<'_>> {
    let row = |(state, steps): (usize, &'_ Vec<(ItemIdx, f32)>)| PolicyRow {
        action: state * 11 % 150,
        advantage: (state % 5) as f32 - 2.0,
        demo_weight: (state % 3 == 0).then_some(1.0 + steps.len() as f32),
    };
    let rows = histories.iter().enumerate();
    rows.map(|(state, steps)| ActorRow {
        state: StateInput { user_row: (state % 20) as u32, steps },
        loss: row((state, steps)),
    })
    .collect()
}

/// The same network for small batches, whose head lies by columns.
fn small(parts: &LargeActorParts, rng: &mut Rng) -> Actor {
    let mut small = Actor::new(CONFIG, rng).to_parts();
    small.users.values.clone_from(&parts.users);
    small.items.values.clone_from(&parts.items);
    small.tracker[0].clone_from(&parts.tracker);
    let columns = (0..16).flat_map(|column| parts.head_rows.iter().skip(column).step_by(16)).copied();
    small.head[0] = columns.chain(parts.head_bias.iter().copied()).collect();
    Actor::from_parts(CONFIG, small)
}

#[test]
fn a_step_on_a_large_batch_is_a_step() {
    let rng = &mut rng_for(3, &[]);
    let parts = LargeActorParts::random(&CONFIG, rng);
    let mut small = small(&parts, rng);
    let mut large = LargeActor::new(Isa::detected(), CONFIG, parts);
    for round in 0..10 {
        let histories = histories(round);
        let batch = batch(&histories);
        let (got, want) = (large.step(&batch, &LOSS, None), small.step(&batch, &LOSS, rng));
        for (got, want) in [got.actor, got.entropy, got.imitation, got.total].into_iter().zip([
            want.actor,
            want.entropy,
            want.imitation,
            want.total,
        ]) {
            assert!((got - want).abs() < 1e-4 * (1.0 + want.abs()), "round {round}: {got} against {want}");
        }
    }
    let (got, want) = (large.to_parts(), small.to_parts());
    let far =
        |got: &[f32], want: &[f32]| got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(far(&got.tracker, &want.tracker[0]) < 5e-3);
    assert!(far(&got.head_bias, &want.head[0][16 * 150..]) < 5e-3);
}

#[test]
fn threads_change_nothing_and_the_seed_decides_dropout() {
    let config = ActorConfig { tracker: TrackerConfig { dropout: 0.2, ..CONFIG.tracker }, ..CONFIG };
    let train = |n_threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let parts = LargeActorParts::random(&config, &mut rng_for(3, &[]));
        let mut actor = LargeActor::new(Isa::detected(), config, parts);
        pool.install(|| {
            for round in 0..5 {
                actor.step(&batch(&histories(round)), &LOSS, Some(seed + round as u64));
            }
        });
        actor.to_parts()
    };
    let want = train(1, 7);
    assert_eq!(train(2, 7), want);
    assert_eq!(train(5, 7), want);
    assert!(train(1, 8) != want);
}
