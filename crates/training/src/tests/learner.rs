//! The loop as a whole on tiny worlds.

use super::{session, setting};
use crate::*;
use artefact::Tensors;
use catalogue::Catalogue;
use environment::{Environment, ExitRule, ItemFeatures};
use mdp::{Interaction, ItemIdx, Policy as _, RewardSource, SessionContext, Trajectory, UserIdx};
use std::sync::Arc;

pub(super) const N_ITEMS: usize = 30;

/// User u likes the items of its own third (reward 5) and dislikes the others (reward 1).
struct Thirds;

impl RewardSource for Thirds {
    fn n_users(&self) -> usize {
        6
    }
    fn n_items(&self) -> usize {
        N_ITEMS
    }
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        if item.index() % 3 == user.index() % 3 { 5.0 } else { 1.0 }
    }
}

pub(super) struct World {
    environment: Environment,
    catalogue: Catalogue,
    users: Arc<[UserIdx]>,
    demonstrations: Arc<[Trajectory]>,
}

impl World {
    pub(super) fn new() -> Self {
        // Low rewards end a session: BiLLP's rule without near items is what `none` plus low rewards would be, so
        // take the released rule with a threshold that nothing is below.
        struct Apart;
        impl environment::DistanceSource for Apart {
            fn n_items(&self) -> usize {
                N_ITEMS
            }
            fn distance(&self, _: ItemIdx, _: ItemIdx) -> f32 {
                1.0
            }
        }
        let features = ItemFeatures::default().with_distances(Arc::new(Apart));
        let environment = Environment::new(Arc::new(Thirds), features, ExitRule::ilrec(0.5), 10).unwrap();
        let rows = (0..N_ITEMS).map(|i| (i.to_string(), format!("Title {i}"), vec![])).collect();
        let demo = |user: u32| session(user, &[(user % 3, 5.0), (user % 3 + 3, 5.0), (user % 3 + 1, 1.0)]);
        Self {
            environment,
            catalogue: Catalogue::new(rows).0,
            users: (0..6).map(UserIdx).collect(),
            demonstrations: (0..6).map(demo).collect(),
        }
    }

    pub(super) fn inputs(&self) -> TrainingInputs<'_> {
        TrainingInputs {
            environment: &self.environment,
            catalogue: &self.catalogue,
            dataset: "thirds",
            users: self.users.clone(),
            histories: Arc::new([]),
            demonstrations: self.demonstrations.clone(),
            validation_users: self.users.clone(),
        }
    }
}

/// A preset made small: everything happens within a few dozen episodes.
fn small(preset: &str) -> TrainingConfig {
    let changes = [
        ("width = 32", "width = 8"),
        ("n_episodes = 100000", "n_episodes = 60"),
        ("text_width = 512", "text_width = 32"),
        ("n_gradient_steps = 100\n", "n_gradient_steps = 20\n"),
    ];
    let mut text = preset.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the preset has {from}");
        text = text.replacen(from, to, 1);
    }
    for (from, to) in
        [("\ninterval = 5000", "\ninterval = 20"), ("refresh_interval = 5000", "refresh_interval = 20")]
    {
        text = text.replacen(from, to, 1);
    }
    TrainingConfig::from_toml(&text).unwrap()
}

pub(super) fn hash(trainer: &mut Trainer<'_>) -> String {
    trainer.policy("test").parameter_hash()
}

#[test]
fn a_resumed_run_ends_as_an_uninterrupted_one() {
    let world = World::new();
    let mut by_state = small(PAPER).raw().clone();
    by_state.discriminator.features = FeatureKind::State;
    for config in [small(RELEASED), small(PAPER), TrainingConfig::try_from(by_state).unwrap()] {
        let mut whole = Trainer::new(config.clone(), world.inputs(), 7).unwrap();
        whole.run(&RunOptions::default(), &mut Silent).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        let options = RunOptions {
            checkpoint_interval: 25,
            checkpoint_path: Some(path.clone()),
            ..RunOptions::default()
        };
        let mut killed = Trainer::new(config.clone(), world.inputs(), 7).unwrap();
        // Goes on past the checkpoint, as a run that is killed does.
        killed.run_until(33, &options, &mut Silent).unwrap();
        let from = Tensors::from_bytes(&std::fs::read(&path).unwrap()).unwrap();
        let mut resumed = Trainer::resume(config.clone(), world.inputs(), 7, from).unwrap();
        assert_eq!(resumed.n_episodes(), 25);
        resumed.run(&RunOptions::default(), &mut Silent).unwrap();
        assert_eq!(resumed.checkpoint().to_bytes(), whole.checkpoint().to_bytes());
        assert_eq!(hash(&mut resumed), hash(&mut whole));
    }
}

#[test]
fn checkpoints_of_other_runs_and_damaged_ones_are_refused() {
    let world = World::new();
    let trainer = Trainer::new(small(RELEASED), world.inputs(), 7).unwrap();
    let resume =
        |config, inputs, seed, from| Trainer::resume(config, inputs, seed, from).err().unwrap().to_string();
    let from = trainer.checkpoint();
    assert!(resume(small(RELEASED), world.inputs(), 8, from.clone()).ends_with("other seed"));
    assert!(resume(small(PAPER), world.inputs(), 7, from.clone()).ends_with("other settings"));
    let fewer = TrainingInputs { users: world.users[..5].into(), ..world.inputs() };
    assert!(resume(small(RELEASED), fewer, 7, from.clone()).ends_with("other inputs"));
    let mut damaged = from;
    damaged.insert("demonstrations.0", &[1], vec![0.5]);
    assert!(resume(small(RELEASED), world.inputs(), 7, damaged).starts_with("damaged checkpoint"));
    assert!(resume(small(RELEASED), world.inputs(), 7, Tensors::default()).starts_with("damaged checkpoint"));
}

#[test]
fn the_seed_decides_and_threads_do_not() {
    let world = World::new();
    let train = |n_threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            let mut trainer = Trainer::new(small(PAPER), world.inputs(), seed).unwrap();
            let options =
                RunOptions { report_interval: 10, validation_interval: 10, ..RunOptions::default() };
            trainer.run(&options, &mut Silent).unwrap();
            hash(&mut trainer)
        })
    };
    assert_eq!(train(1, 3), train(2, 3));
    assert_ne!(train(1, 3), train(1, 4));
}

#[test]
fn only_demonstrations_of_a_step_get_new_weights_in_the_released_preset() {
    let world = World::new();
    let mut trainer = Trainer::new(small(RELEASED), world.inputs(), 1).unwrap();
    assert_eq!(trainer.demo_weights(), [1.0; 18]);
    trainer.run_until(1, &RunOptions::default(), &mut Silent).unwrap();
    let weights = trainer.demo_weights();
    assert!(weights[..8].iter().any(|&w| w != 1.0), "episode 0 reweighs rows 0 to 7");
    assert_eq!(weights[8..], [1.0; 10]);
    assert!((weights[..8].iter().sum::<f32>() - 8.0).abs() < 1e-3, "relative to each other");
    trainer.run_until(20, &RunOptions::default(), &mut Silent).unwrap();
    assert_eq!(trainer.demo_weights(), weights, "nothing changes between");
    trainer.run_until(21, &RunOptions::default(), &mut Silent).unwrap();
    // Episode 20 starts at row 160 mod 18 = 16 and wraps around.
    let later = trainer.demo_weights();
    assert!(later[16] != 1.0 && later[..6] != weights[..6] && later[6..8] == weights[6..8]);
    assert_eq!(later[8..16], [1.0; 8]);
}

#[test]
fn the_paper_preset_reweighs_everything_and_uses_the_learned_reward() {
    let world = World::new();
    let mut trainer = Trainer::new(small(PAPER), world.inputs(), 1).unwrap();
    trainer.run_until(25, &RunOptions::default(), &mut Silent).unwrap();
    let weights = trainer.demo_weights();
    assert!(weights.iter().all(|&w| w != 1.0) && (weights.iter().sum::<f32>() - 18.0).abs() < 1e-2);
    let without = setting(PAPER, "learned_reward = 1.0", "learned_reward = 0.0").unwrap();
    assert_ne!(without.raw().critic, trainer.config.raw().critic);
}

/// Keeps the last report.
#[derive(Default)]
pub(super) struct Last(pub(super) Progress);

impl Observer for Last {
    fn progress(&mut self, progress: &Progress) {
        self.0 = progress.clone();
    }
}

#[test]
fn both_presets_learn_a_known_world() {
    let world = World::new();
    for preset in [RELEASED, PAPER] {
        let mut config = small(preset).raw().clone();
        config.rollout.n_episodes = 2500;
        (config.network.learning_rate, config.critic.learning_rate) = (5e-3, 5e-3);
        config.network.dropout = 0.0;
        // A frozen policy never repeats an item, so a run that may learns another game: it shows one item for ever.
        config.rollout.repeats = Repeats::Masked;
        let config = TrainingConfig::try_from(config).unwrap();
        let mut trainer = Trainer::new(config, world.inputs(), 5).unwrap();
        let mut last = Last::default();
        let options = RunOptions { report_interval: 500, validation_interval: 500, ..RunOptions::default() };
        trainer.run(&options, &mut last).unwrap();
        let progress = last.0;
        // Uniform choice likes one item in three: 1 + 5/3 + ... = about 4 of at most 50.
        let validation = progress.validation_return.unwrap();
        assert!(validation > 15.0, "{validation} in {progress:?}");
        assert!(progress.train_return > 15.0 && progress.episodes_per_second > 0.0, "{progress:?}");
        assert_eq!(progress.n_episodes, 2500);
    }
}

#[test]
fn masked_rollouts_never_repeat_and_skip_the_log() {
    let world = World::new();
    let mut config = small(RELEASED).raw().clone();
    config.rollout.repeats = Repeats::Masked;
    let logged = mdp::Interaction { item: ItemIdx(0), rating: 5.0, time: 0 };
    let histories: Vec<Vec<Interaction>> = (0..6).map(|_| vec![logged]).collect();
    let inputs =
        TrainingInputs { histories: histories.iter().map(Vec::as_slice).collect(), ..world.inputs() };
    let mut trainer = Trainer::new(TrainingConfig::try_from(config).unwrap(), inputs, 2).unwrap();
    trainer.run(&RunOptions::default(), &mut Silent).unwrap();
    let log = &trainer.log;
    for row in 0..log.len() {
        let item = log.item(row);
        assert!(
            item != ItemIdx(0) && log.before(row, usize::MAX).iter().all(|&(earlier, _)| earlier != item)
        );
    }
}

#[test]
fn runs_that_cannot_start_say_why() {
    let world = World::new();
    let start = |inputs| Trainer::new(small(RELEASED), inputs, 1).err().unwrap().to_string();
    assert_eq!(
        start(TrainingInputs { users: Arc::new([]), ..world.inputs() }),
        "there are no training users"
    );
    let unknown = [UserIdx(99)];
    let message = start(TrainingInputs { users: unknown.into(), ..world.inputs() });
    assert_eq!(message, "training user 99 has no row in the environment");
    let none = start(TrainingInputs { demonstrations: Arc::new([]), ..world.inputs() });
    assert!(none.starts_with("none of the 0 demonstrated steps is usable"));
    let (other, _) = Catalogue::new(vec![("a".into(), "A".into(), vec![])]);
    let message = start(TrainingInputs { catalogue: &other, ..world.inputs() });
    assert_eq!(message, "the catalogue has 1 items, the environment 30");
}

#[test]
fn the_control_without_demonstrations_ignores_them() {
    let world = World::new();
    let mut config = small(RELEASED).raw().clone();
    config.demonstrations.presence = Presence::None;
    let mut trainer = Trainer::new(TrainingConfig::try_from(config).unwrap(), world.inputs(), 1).unwrap();
    trainer.run(&RunOptions::default(), &mut Silent).unwrap();
    assert!(trainer.demonstrations().is_empty());
    let policy = trainer.policy("actor-critic");
    let mut shown = mdp::ItemSet::empty(N_ITEMS);
    let mut acting = policy.start(SessionContext { user: UserIdx(1), history: &[] });
    let choice = acting.choose(&shown, &mut mdp::rng_for(1, &[]));
    assert!(shown.insert(choice.item));
}
