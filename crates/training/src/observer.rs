//! What a run tells whoever watches it.

use std::path::PathBuf;

/// A report about the episodes since the last one. Means are over these episodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Episodes so far.
    pub n_episodes: u64,
    /// Episodes of the whole run.
    pub n_episodes_planned: u64,
    /// Environment steps in the replay.
    pub n_env_steps: u64,
    /// Throughput since the last report.
    pub episodes_per_second: f64,
    /// Mean sum of rewards of an episode, the exit step's included.
    pub train_return: f64,
    /// Mean number of steps of an episode.
    pub train_length: f64,
    /// Mean policy loss: actor part, entropy, imitation part.
    pub actor_loss: f64,
    /// Mean entropy of the policy on its batches, in nats.
    pub entropy: f64,
    /// Mean imitation loss.
    pub imitation_loss: f64,
    /// Mean critic loss, both heads.
    pub critic_loss: f64,
    /// Share of demonstrated rows in the policy's batches.
    pub demo_share: f64,
    /// Mean loss of the discriminator, if it moved.
    pub discriminator_loss: Option<f64>,
    /// Mean return of the validation users with the frozen policy, if it was measured now.
    pub validation_return: Option<f64>,
}

/// Watches a run. Nothing an observer does can change its result.
pub trait Observer {
    /// Takes in a report.
    fn progress(&mut self, progress: &Progress);
    /// Hears that a checkpoint was written.
    fn checkpoint_written(&mut self, n_episodes: u64) {
        tracing::info!(n_episodes, "checkpoint written");
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn progress(&mut self, _: &Progress) {}
}

/// What a run does beside training; none of it changes the result. An interval of 0 means never.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOptions {
    /// Episodes between reports.
    pub report_interval: u64,
    /// Episodes between measurements of the validation return.
    pub validation_interval: u64,
    /// Episodes between checkpoints.
    pub checkpoint_interval: u64,
    /// Where the checkpoint goes; without a path there is none.
    pub checkpoint_path: Option<PathBuf>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            report_interval: 1000,
            validation_interval: 5000,
            checkpoint_interval: 5000,
            checkpoint_path: None,
        }
    }
}

/// Sums since the last report.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) n_episodes: u64,
    pub(crate) n_updates: u64,
    pub(crate) rewards: f64,
    pub(crate) steps: f64,
    pub(crate) actor: f64,
    pub(crate) entropy: f64,
    pub(crate) imitation: f64,
    pub(crate) critic: f64,
    pub(crate) demo_share: f64,
    pub(crate) discriminator: f64,
    pub(crate) n_discriminator: u64,
}

impl Sums {
    /// The report that these sums make.
    pub(crate) fn report(&self, seconds: f64) -> Progress {
        let (n, n_updates) = (self.n_episodes.max(1) as f64, self.n_updates.max(1) as f64);
        let discriminator = self.discriminator / self.n_discriminator.max(1) as f64;
        Progress {
            episodes_per_second: self.n_episodes as f64 / seconds.max(1e-9),
            train_return: self.rewards / n,
            train_length: self.steps / n,
            actor_loss: self.actor / n_updates,
            entropy: self.entropy / n_updates,
            imitation_loss: self.imitation / n_updates,
            critic_loss: self.critic / n_updates,
            demo_share: self.demo_share / n_updates,
            discriminator_loss: (self.n_discriminator > 0).then_some(discriminator),
            ..Progress::default()
        }
    }
}
