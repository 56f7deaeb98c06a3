//! The large-batch step against the small-batch one, and against itself on other numbers of threads.

use super::*;
use crate::{Acting, Actor, PolicyRow};
use mdp::{ItemIdx, ItemSet, rng_for};
use nn::TrackerConfig;

const CONFIG: ActorConfig = ActorConfig {
    n_users: 20,
    n_items: 150,
    tracker: TrackerConfig { width: 16, window: 3, n_layers: 2, dropout: 0.0 },
    logit_limit: 4.0,
    learning_rate: 1e-2,
    row_norm_limit: 0.6,
    bias_limit: 0.2,
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

#[test]
fn a_step_on_a_large_batch_is_a_step() {
    let rng = &mut rng_for(3, &[]);
    let mut small = Actor::new(CONFIG, rng);
    let mut large = LargeActor::from_parts(Isa::detected(), CONFIG, small.to_parts());
    for round in 0..10 {
        let histories = histories(round);
        let batch = batch(&histories);
        let (got, want) = (large.step(&batch, &LOSS, BatchDropout::Off), small.step(&batch, &LOSS, rng));
        for (got, want) in [got.actor, got.entropy, got.imitation, got.total].into_iter().zip([
            want.actor,
            want.entropy,
            want.imitation,
            want.total,
        ]) {
            assert!((got - want).abs() < 1e-4 * (1.0 + want.abs()), "round {round}: {got} against {want}");
        }
    }
    let users: Vec<UserIdx> = (0..20).map(UserIdx).collect();
    let policies = (large.freeze("", &users).to_tensors(), small.freeze("", &users).to_tensors());
    for name in ["users", "items", "tracker", "head"] {
        let [(_, got), (_, want)] = [&policies.0, &policies.1].map(|policy| policy.get(name).unwrap());
        let far = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(got.len() == want.len() && far < 5e-3, "{name} is {far} apart");
    }
    let (_, head) = policies.0.get("head").unwrap();
    let norm = |item: usize| (0..16).map(|k| head[k * 150 + item].powi(2)).sum::<f32>().sqrt();
    let n_long = (0..150).filter(|&item| norm(item) > 0.99 * CONFIG.row_norm_limit).count();
    assert!((1..150).contains(&n_long), "{n_long} rows have met their limit");
    assert!((0..150).all(|item| norm(item) < 1.001 * CONFIG.row_norm_limit));
}

#[test]
fn threads_change_nothing_and_the_seed_decides_dropout() {
    let config = ActorConfig { tracker: TrackerConfig { dropout: 0.2, ..CONFIG.tracker }, ..CONFIG };
    let train = |n_threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let mut actor = LargeActor::new(Isa::detected(), config, &mut rng_for(3, &[]));
        pool.install(|| {
            for round in 0..5 {
                actor.step(&batch(&histories(round)), &LOSS, BatchDropout::Shared(seed + round as u64));
            }
        });
        actor.to_parts()
    };
    let want = train(1, 7);
    assert_eq!(train(2, 7), want);
    assert_eq!(train(5, 7), want);
    assert!(train(1, 8) != want);
}

#[test]
fn parts_restore_a_network_that_goes_on_as_it_would_have() {
    let config = ActorConfig { tracker: TrackerConfig { dropout: 0.2, ..CONFIG.tracker }, ..CONFIG };
    let train = |actor: &mut LargeActor, rounds: std::ops::Range<usize>| {
        for round in rounds {
            actor.step(&batch(&histories(round)), &LOSS, BatchDropout::Shared(round as u64));
        }
    };
    let mut whole = LargeActor::new(Isa::detected(), config, &mut rng_for(3, &[]));
    train(&mut whole, 0..4);
    let mut resumed = LargeActor::from_parts(Isa::detected(), config, whole.to_parts());
    assert_eq!(resumed.to_parts(), whole.to_parts());
    train(&mut whole, 4..9);
    train(&mut resumed, 4..9);
    assert_eq!(resumed.to_parts(), whole.to_parts());
}

#[test]
fn sessions_act_together_as_the_small_network_acts_alone() {
    let config = ActorConfig { tracker: TrackerConfig { dropout: 0.2, ..CONFIG.tracker }, ..CONFIG };
    let mut small = Actor::new(config, &mut rng_for(3, &[]));
    let mut large = LargeActor::from_parts(Isa::detected(), config, small.to_parts());
    let mut snapshot = Snapshot::new(&config);
    large.snapshot((0..40).map(|state| state % 20), &mut snapshot);
    let histories = histories(0);
    let shown: Vec<ItemSet> = (0..40)
        .map(|state| {
            let mut shown = ItemSet::empty(150);
            (0..150).filter(|item| item % 7 == state % 7).for_each(|item| {
                shown.insert(ItemIdx(item));
            });
            shown
        })
        .collect();
    let own = |state: usize| rng_for(11, &[state as u64]);
    let state = |state: usize| StateInput { user_row: state as u32, steps: &histories[state] };
    let mut acting = Acting::new(Isa::detected(), &config);
    for masked in [false, true] {
        let (mut rngs, mut drawn): (Vec<Rng>, _) = ((0..40).map(own).collect(), Vec::new());
        let masks = |state: usize| masked.then(|| &shown[state]);
        acting.act(&snapshot, (0..40).map(state), &mut rngs, masks, &mut drawn);
        let mut n_other = 0;
        for (index, drawn) in drawn.iter().enumerate() {
            let alone = StateInput { user_row: index as u32 % 20, ..state(index) };
            let (item, log_prob) = small.act(alone, masks(index), &mut own(index));
            assert!(!masked || !shown[index].contains(ItemIdx(drawn.item)));
            // Sums in another order can move a draw that falls on a border between two items.
            if item.0 == drawn.item {
                assert!((log_prob - drawn.log_prob).abs() < 1e-4, "{log_prob} against {}", drawn.log_prob);
            } else {
                n_other += 1;
            }
        }
        assert!(n_other <= 1, "{n_other} of 40 draws differ");
        // Other neighbours and another order: the same draws.
        let mut rngs: Vec<Rng> = (5..9).rev().map(own).collect();
        let mut again = Vec::new();
        acting.act(&snapshot, (5..9).rev().map(state), &mut rngs, |at| masks(8 - at), &mut again);
        assert_eq!(again, drawn[5..9].iter().rev().copied().collect::<Vec<_>>());
    }
}
