//! The presets, the replay, the loop, and exact resumption.

mod learner;
mod replay;
mod together;

use crate::*;
use mdp::{ExitReason, ItemIdx, Step, StepEnd, Trajectory, UserIdx};

/// A session with these (item, reward) steps; the user leaves at the end.
pub(super) fn session(user: u32, steps: &[(u32, f32)]) -> Trajectory {
    let last = steps.len() - 1;
    let step = |(t, &(item, reward)): (usize, &(u32, f32))| {
        let end = if t == last { StepEnd::Terminated(ExitReason::LowReward) } else { StepEnd::Continues };
        Step { item: ItemIdx(item), reward, log_prob_behavior: 0.0, end }
    };
    Trajectory { user: UserIdx(user), steps: steps.iter().enumerate().map(step).collect() }
}

fn setting(text: &str, from: &str, to: &str) -> Result<TrainingConfig, TrainingError> {
    assert!(text.contains(from), "the preset has {from}");
    TrainingConfig::from_toml(&text.replacen(from, to, 1))
}

#[test]
fn presets_have_the_published_values() {
    let released = TrainingConfig::from_toml(RELEASED).unwrap();
    let raw = released.raw();
    let NetworkSettings { width, window, n_layers, dropout, .. } = raw.network;
    assert_eq!((width, window, n_layers, dropout), (32, 4, 2, 0.1));
    assert_eq!((raw.rollout.n_episodes, raw.rollout.discount), (100_000, 0.5));
    assert_eq!((raw.replay.batch_size, raw.replay.env_priority), (8, 0.05));
    assert_eq!((raw.loss.entropy, raw.loss.imitation), (0.1, 0.5));
    assert_eq!(
        (raw.critic.target_interval, raw.critic.target_rate, raw.critic.learned_reward),
        (10, 1.0, 0.0)
    );
    assert_eq!((raw.discriminator.interval, raw.discriminator.n_gradient_steps), (5000, 1));
    assert_eq!((raw.network.row_norm_limit, raw.network.bias_limit), (10.0, 5.0));
    let DemonstrationSettings { beta, alpha, gamma_irl, .. } = raw.demonstrations;
    assert_eq!((beta, alpha, gamma_irl), (1.0, 0.25, 1.0));

    assert_eq!(
        (raw.rollout.sessions_together, raw.rollout.overlap, raw.replay.rows_per_episode),
        (1, false, 8)
    );

    // What the vectorised preset changes, and nothing else.
    let mut vectorised = TrainingConfig::from_toml(VECTORISED).unwrap().raw().clone();
    assert!(vectorised.rollout.sessions_together > 1 && vectorised.rollout.overlap);
    assert_eq!(vectorised.replay.rows_per_episode, raw.replay.rows_per_episode);
    vectorised.preset = raw.preset;
    vectorised.rollout = raw.rollout.clone();
    vectorised.replay.batch_size = raw.replay.batch_size;
    vectorised.network.learning_rate = raw.network.learning_rate;
    vectorised.critic.learning_rate = raw.critic.learning_rate;
    vectorised.critic.target_interval = raw.critic.target_interval;
    assert_eq!(&vectorised, raw);

    let paper = TrainingConfig::from_toml(PAPER).unwrap();
    assert!(paper.raw().critic.learned_reward > 0.0 && paper.raw().discriminator.reweigh == Reweigh::All);
    assert_eq!(paper.raw().network, raw.network, "the same network");
}

#[test]
fn datasets_have_their_published_values() {
    let values = |preset: Preset, dataset| {
        let raw =
            TrainingConfig::from_toml(preset.text()).unwrap().raw().clone().with_published_values(dataset);
        assert_eq!(raw.preset, preset);
        let DemonstrationSettings { beta, alpha, .. } = raw.demonstrations;
        (beta, alpha, raw.loss.entropy, raw.loss.imitation, raw.network.logit_limit)
    };
    assert_eq!(values(Preset::Released, PublishedDataset::Amazon), (1.0, 0.25, 0.1, 0.5, 1.0));
    assert_eq!(values(Preset::Released, PublishedDataset::Steam), (10.0, 0.5, 0.1, 0.25, 15.0));
    assert_eq!(values(Preset::Vectorised, PublishedDataset::Steam), (10.0, 0.5, 0.1, 0.25, 15.0));
    assert_eq!(values(Preset::Paper, PublishedDataset::Steam), (10.0, 0.5, 0.1, 0.25, 0.0));
}

#[test]
fn settings_are_refused_by_name() {
    let message = |from, to| setting(RELEASED, from, to).unwrap_err().to_string();
    assert_eq!(message("window = 4", "window = 0"), "network.window must be from 1 to 1048576");
    assert_eq!(
        message("env_priority = 0.05", "env_priority = -1.0"),
        "replay.env_priority must be at least 0"
    );
    let absurd = message("learning_rate = ", "learning_rate = 1e38 # ");
    assert!(absurd.ends_with("learning_rate must be above 0, at most 1"), "{absurd}");
    assert_eq!(message("discount = 0.5", "discount = 1.5"), "rollout.discount must be between 0 and 1");
    assert_eq!(message("dropout = 0.1", "dropout = 1.0"), "network.dropout must be at least 0, below 1");
    assert_eq!(message("alpha = 0.25", "alpha = 1.5"), "alpha must be between 0 and 1, got 1.5");
    assert_eq!(message("beta = 1.0", "beta = 0.0"), "beta must be above 0, got 0");
    assert_eq!(
        message("n_episodes = 100000", "n_episodes = 100000000"),
        "rollout.n_episodes must be from 1 to 16777216"
    );
    assert_eq!(
        message("n_episodes = 100000", "n_episodes = 0"),
        "rollout.n_episodes must be from 1 to 16777216"
    );
    assert_eq!(
        message("overlap = false", "overlap = true"),
        "rollout.overlap must be false with one of rollout.sessions_together"
    );
    let odd = RELEASED.replacen("width = 32", "width = 24", 1);
    assert_eq!(
        setting(&odd, "sessions_together = 1", "sessions_together = 2").unwrap_err().to_string(),
        "network.width must be a multiple of 16 with more than one of rollout.sessions_together"
    );
    assert!(setting(&odd, "sessions_together = 1", "sessions_together = 1").is_ok());
    assert!(message("window = 4", "windows = 4").contains("unknown field `windows`"));
    assert!(setting(PAPER, "\"required\"", "\"none\"").is_err(), "no learned reward without demonstrations");
    assert!(setting(RELEASED, "\"required\"", "\"none\"").is_ok());
}

#[test]
fn demonstrations_are_cut_at_ends_and_filtered_by_user() {
    let rows = [(UserIdx(3), 0), (UserIdx(5), 1)].into();
    let mut first = session(5, &[(0, 4.0), (1, 2.0), (2, 3.0)]);
    first.steps[1].end = StepEnd::Terminated(ExitReason::LowReward);
    let demos =
        Demonstrations::new(&[first, session(9, &[(0, 1.0)]), session(3, &[(1, 5.0)])], &rows, 3, 0.5)
            .unwrap();
    assert_eq!(demos.returns, [5.0, 2.0, 3.0, 5.0]);
    assert_eq!((demos.len(), demos.n_left_out), (4, 1));
    assert_eq!([0, 1, 2, 3].map(|row| demos.log.is_last(row)), [false, true, true, true]);
    assert_eq!([0, 3].map(|row| demos.log.user_row(row)), [1, 0]);
    assert_eq!(demos.log.before(1, 4), [(ItemIdx(0), 4.0)]);
    assert!(demos.log.before(2, 4).is_empty());
    let beyond = Demonstrations::new(&[session(3, &[(7, 1.0)])], &rows, 3, 0.5).unwrap_err();
    assert_eq!(beyond.to_string(), "demonstrated item 7 is beyond the catalogue of 3 items");
}

#[test]
fn logs_show_windows_of_their_sessions() {
    let mut log = StepLog::default();
    let steps: Vec<(ItemIdx, f32)> = (0..6).map(|i| (ItemIdx(i), i as f32)).collect();
    log.push_session(0, &steps[..2]);
    log.push_session(1, &steps);
    assert_eq!(log.before(7, 4), &steps[1..5]);
    assert_eq!(log.through(7, 4), &steps[2..6]);
    assert_eq!(log.before(7, usize::MAX), &steps[..5]);
    assert_eq!(log.through(2, 4), &steps[..1]);
    assert_eq!(StepLog::from_columns(log.columns()), log);
}
