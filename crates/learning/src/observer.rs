//! What a run tells whoever watches it.

use crate::Metrics;
use artefact::Tensors;
use serde::{Deserialize, Serialize};

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Counters of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Rounds so far; what a round is, the algorithm says.
    #[serde(alias = "n_iterations")]
    pub n_rounds: u64,
    /// Interactions with the train world for learning.
    pub n_env_steps: u64,
    /// Sessions run for learning.
    pub n_episodes: u64,
    /// Gradient steps over all networks.
    pub n_gradient_steps: u64,
    /// Mean length of the last round's sessions.
    pub mean_length: f32,
    /// Mean return of the last round's sessions (environment rewards, undiscounted).
    pub mean_return: f32,
    /// The latest mean return of validation users.
    pub last_validation: Option<f32>,
    /// The best so far.
    pub best_validation: Option<f32>,
    /// How much of the planned work is done, from 0 to 1.
    pub share_done: f64,
}

impl Progress {
    /// Counts sessions that were run for learning.
    pub fn count(&mut self, n_sessions: usize, n_steps: usize, total_reward: f32) {
        if n_sessions == 0 {
            return;
        }
        self.n_env_steps += n_steps as u64;
        self.n_episodes += n_sessions as u64;
        self.mean_length = n_steps as f32 / n_sessions as f32;
        self.mean_return = total_reward / n_sessions as f32;
    }
}

/// Told what happens; may keep a checkpoint. Nothing an observer does can change the result of a run.
pub trait Observer {
    /// After every round. `validated` says that the validation return in `progress` is new.
    ///
    /// # Errors
    /// Whatever stops the run.
    fn updated(&mut self, progress: &Progress, metrics: &Metrics, validated: bool) -> Outcome;

    /// After every validation, with everything that is needed to go on from here.
    ///
    /// # Errors
    /// Whatever stops the run, such as a full disk.
    fn checkpoint(&mut self, _state: &dyn Fn() -> Tensors) -> Outcome {
        Ok(())
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Observer for Silent {
    fn updated(&mut self, _: &Progress, _: &Metrics, _: bool) -> Outcome {
        Ok(())
    }
}

/// Hears nothing, and keeps every checkpoint in memory, in order: for whoever tests that an algorithm resumes exactly.
#[derive(Clone, Debug, Default)]
pub struct Checkpoints(pub Vec<Tensors>);

impl Observer for Checkpoints {
    fn updated(&mut self, _: &Progress, _: &Metrics, _: bool) -> Outcome {
        Ok(())
    }

    fn checkpoint(&mut self, state: &dyn Fn() -> Tensors) -> Outcome {
        self.0.push(state());
        Ok(())
    }
}
