//! Sessions stepped together, large batches, and rollouts beside updates.

use super::learner::{Last, N_ITEMS, World, hash};
use crate::rounds::players;
use crate::*;
use artefact::Tensors;
use mdp::{Interaction, ItemIdx};

/// The vectorised preset made small: rounds of 70 episodes and a shorter last one.
fn small(change: impl FnOnce(&mut RawTrainingConfig)) -> TrainingConfig {
    let mut raw = TrainingConfig::from_toml(VECTORISED).unwrap().raw().clone();
    raw.network.width = 16;
    (raw.rollout.n_episodes, raw.rollout.sessions_together) = (500, 70);
    (raw.replay.batch_size, raw.discriminator.interval) = (48, 20);
    (raw.discriminator.text_width, raw.advantages.n_gradient_steps) = (32, 20);
    change(&mut raw);
    TrainingConfig::try_from(raw).unwrap()
}

fn trained<'a>(world: &'a World, config: TrainingConfig, seed: u64) -> Trainer<'a> {
    let mut trainer = Trainer::new(config, world.inputs(), seed).unwrap();
    trainer.run(&RunOptions::default(), &mut Silent).unwrap();
    trainer
}

fn on_threads<T: Send>(n: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(work)
}

/// All variants that the settings have.
fn variants() -> Vec<TrainingConfig> {
    vec![
        small(|_| ()),
        small(|raw| raw.rollout.overlap = false),
        // More than a block has room for.
        small(|raw| raw.rollout.sessions_together = 300),
        small(|raw| raw.rollout.repeats = Repeats::Masked),
        small(|raw| {
            raw.discriminator.features = FeatureKind::State;
            raw.discriminator.reweigh = Reweigh::All;
            raw.demonstrations.refresh_interval = 100;
            raw.critic.learned_reward = 1.0;
        }),
    ]
}

#[test]
fn a_round_plays_the_sessions_that_one_after_another_would_be() {
    // No update moves the policy, so every episode of both runs meets the same one.
    let world = World::new();
    let still = |raw: &mut RawTrainingConfig| {
        raw.rollout.n_episodes = 150;
        raw.replay.batch_size = 10_000;
        raw.rollout.repeats = Repeats::Masked;
    };
    let logged = Interaction { item: ItemIdx(4), rating: 5.0, time: 0 };
    let histories: Vec<Vec<mdp::Interaction>> = (0..6).map(|_| vec![logged]).collect();
    let play = |config| {
        let inputs =
            TrainingInputs { histories: histories.iter().map(Vec::as_slice).collect(), ..world.inputs() };
        let mut trainer = Trainer::new(config, inputs, 3).unwrap();
        trainer.run(&RunOptions::default(), &mut Silent).unwrap();
        trainer
    };
    let together = play(small(still));
    let alone = play(small(|raw| {
        still(raw);
        (raw.rollout.sessions_together, raw.rollout.overlap) = (1, false);
    }));
    assert_eq!((together.n_updates(), alone.n_updates()), (0, 0));
    let sessions = |log: &StepLog| {
        let mut rows = vec![0];
        while *rows.last().unwrap() < log.len() {
            rows.push(log.session_end(*rows.last().unwrap()));
        }
        let session = |pair: &[usize]| (log.user_row(pair[0]), log.through(pair[1] - 1, usize::MAX).to_vec());
        rows.windows(2).map(session).collect::<Vec<_>>()
    };
    let (together, alone) = (sessions(&together.log), sessions(&alone.log));
    assert_eq!((together.len(), alone.len()), (150, 150));
    // Sums in another order can move a draw that falls on a border between two items.
    let n_other = together.iter().zip(&alone).filter(|(a, b)| a != b).count();
    assert!(n_other <= 1, "{n_other} sessions differ");
    assert!(together.iter().all(|(_, steps)| steps.iter().all(|(item, _)| *item != ItemIdx(4))));
}

#[test]
fn updates_are_counted_where_they_were_made() {
    let world = World::new();
    let config = small(|raw| {
        raw.demonstrations.presence = Presence::None;
        (raw.rollout.n_episodes, raw.rollout.sessions_together, raw.rollout.overlap) = (100, 50, true);
    });
    // Nothing is there to learn from in the first of two rounds.
    assert_eq!(trained(&world, config, 3).n_updates(), 100 * 8 / 48 - 50 * 8 / 48);
}

#[test]
fn threads_do_not_matter_and_the_seed_does() {
    let world = World::new();
    for config in variants() {
        let train = |n| on_threads(n, || hash(&mut trained(&world, config.clone(), 3)));
        let want = train(1);
        assert_eq!(train(2), want);
        assert_eq!(train(5), want);
        assert_ne!(on_threads(2, || hash(&mut trained(&world, config.clone(), 4))), want);
    }
}

#[test]
fn a_resumed_run_ends_as_an_uninterrupted_one() {
    let world = World::new();
    for config in variants() {
        let whole = trained(&world, config.clone(), 7);
        let mut killed = Trainer::new(config.clone(), world.inputs(), 7).unwrap();
        killed.run_until(200, &RunOptions::default(), &mut Silent).unwrap();
        let together = config.raw().rollout.sessions_together as u64;
        assert_eq!(killed.n_episodes(), 200_u64.next_multiple_of(together), "rounds are played whole");
        let from = Tensors::from_bytes(&killed.checkpoint().to_bytes()).unwrap();
        drop(killed);
        let mut resumed = Trainer::resume(config, world.inputs(), 7, from).unwrap();
        resumed.run(&RunOptions::default(), &mut Silent).unwrap();
        assert_eq!((resumed.n_episodes(), resumed.n_updates()), (500, 500 * 8 / 48));
        assert_eq!(resumed.checkpoint().to_bytes(), whole.checkpoint().to_bytes());
    }
}

#[test]
fn reports_come_once_per_interval_that_a_round_has_passed() {
    struct Reports(Vec<u64>);
    impl Observer for Reports {
        fn progress(&mut self, progress: &Progress) {
            self.0.push(progress.n_episodes);
        }
    }
    let world = World::new();
    let mut trainer = Trainer::new(small(|_| ()), world.inputs(), 1).unwrap();
    let mut reports = Reports(Vec::new());
    trainer.run(&RunOptions { report_interval: 150, ..RunOptions::default() }, &mut reports).unwrap();
    assert_eq!(reports.0, [210, 350, 490, 500]);
}

#[test]
fn rounds_learn_a_known_world() {
    let world = World::new();
    for overlap in [false, true] {
        let config = small(|raw| {
            (raw.rollout.n_episodes, raw.rollout.overlap) = (2500, overlap);
            (raw.network.learning_rate, raw.critic.learning_rate) = (2e-2, 2e-2);
            raw.network.dropout = 0.0;
            // A frozen policy never repeats an item, so a run that may learns another game: one item for ever.
            raw.rollout.repeats = Repeats::Masked;
        });
        let mut trainer = Trainer::new(config, world.inputs(), 5).unwrap();
        let mut last = Last::default();
        let options = RunOptions { report_interval: 500, validation_interval: 500, ..RunOptions::default() };
        trainer.run(&options, &mut last).unwrap();
        // Uniform choice likes one item in three: 1 + 5/3 + ... = about 4 of at most 50.
        let validation = last.0.validation_return.unwrap();
        assert!(validation > 15.0 && last.0.train_return > 15.0, "{validation} in {:?}", last.0);
        assert!(last.0.entropy < (N_ITEMS as f64).ln() && last.0.demo_share > 0.0);
    }
}

#[test]
fn rollouts_and_updates_allocate_nothing_once_they_run() {
    let world = World::new();
    // One thread, because allocations are counted for the thread that asks.
    on_threads(1, || {
        let mut trainer = Trainer::new(small(|_| ()), world.inputs(), 1).unwrap();
        trainer.run(&RunOptions::default(), &mut Silent).unwrap();
        let mut rollouts = trainer.rollouts.take().unwrap();
        let players = players(trainer.config.raw(), &trainer.inputs, 1);
        let crate::network::Network::Large(actor) = &mut trainer.network else { unreachable!() };
        rollouts.prepare(actor, &players, 0..70);
        // The same sessions twice: their lengths are known the second time.
        rollouts.play(&players, 0..70).unwrap();
        let played = allocation_counter::measure(|| rollouts.play(&players, 0..70).unwrap());
        assert!(rollouts.sessions().map(<[_]>::len).sum::<usize>() > 70);
        assert_eq!(played.count_total, 0);
        trainer.update(1000..1200);
        let updated = allocation_counter::measure(|| trainer.update(1200..1300));
        assert_eq!(updated.count_total, 0);
    });
}
