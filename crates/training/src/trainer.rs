//! The run: what it holds, how it starts, goes on and reports.

use crate::checkpoint;
use crate::features::{FeatureMaker, append_states};
use crate::network::{Network, Size};
use crate::observer::Sums;
use crate::rollouts::Rollouts;
use crate::rounds::players;
use crate::updates::Scratch;
use crate::{
    Demonstrations, FeatureKind, Observer, Presence, RawTrainingConfig, RunOptions, StepLog, TrainingConfig,
    TrainingError,
};
use artefact::Tensors;
use catalogue::Catalogue;
use environment::{Environment, Start, rollout};
use learning::{Replay, SumTree};
use mdp::{Interaction, Trajectory, UserIdx, rng_for};
use nn::TrackerConfig;
use policy::{ActorConfig, Critic, CriticConfig, PublishedPolicy};
use reward::{DemoAdvantages, Discriminator};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// Names of the random streams; each is followed by the number of the episode, or of the update where updates draw from
/// it, so the position in every stream follows from the episode and nothing else.
pub(crate) mod stream {
    pub(crate) const ACTOR: u64 = 1;
    pub(crate) const CRITIC: u64 = 2;
    pub(crate) const DISCRIMINATOR: u64 = 3;
    pub(crate) const ADVANTAGES: u64 = 4;
    pub(crate) const ROLLOUT: u64 = 5;
    pub(crate) const CRITIC_UPDATE: u64 = 6;
    pub(crate) const ACTOR_UPDATE: u64 = 7;
    pub(crate) const VALIDATION: u64 = 8;
}

/// What a run works with.
#[derive(Clone)]
pub struct TrainingInputs<'a> {
    /// The train world.
    pub environment: &'a Environment,
    /// The items, for the texts that the discriminator sees.
    pub catalogue: &'a Catalogue,
    /// The dataset's name, which is part of these texts.
    pub dataset: &'a str,
    /// Episode e is one of user `users[e mod len]`; the user table has one row for each.
    pub users: Arc<[UserIdx]>,
    /// Logged interactions by user row of the environment; may be shorter. Only rollouts that mask repeats and
    /// validation look at them.
    pub histories: Arc<[&'a [Interaction]]>,
    /// The expert's sessions, with the train world's rewards.
    pub demonstrations: Arc<[Trajectory]>,
    /// Users whose mean return is reported now and then; may be empty.
    pub validation_users: Arc<[UserIdx]>,
}

impl<'a> TrainingInputs<'a> {
    fn history(&self, user: UserIdx) -> &'a [Interaction] {
        self.histories.get(user.index()).copied().unwrap_or_default()
    }
}

/// A run in progress: everything that a checkpoint holds.
pub struct Trainer<'a> {
    pub(crate) inputs: TrainingInputs<'a>,
    pub(crate) config: TrainingConfig,
    pub(crate) seed: u64,
    pub(crate) features: FeatureMaker<'a>,
    pub(crate) demos: Demonstrations,
    /// Features of all demonstrated steps where they never change, else empty.
    pub(crate) demo_texts: Vec<f32>,
    pub(crate) network: Network,
    /// Where sessions are stepped together.
    pub(crate) rollouts: Option<Rollouts<'a>>,
    pub(crate) critic: Critic,
    pub(crate) discriminator: Discriminator,
    pub(crate) advantages: Vec<f32>,
    pub(crate) demo_weights: SumTree,
    pub(crate) log: StepLog,
    pub(crate) replay: Replay,
    pub(crate) scratch: Scratch,
    pub(crate) n_episodes: u64,
    pub(crate) sums: Sums,
}

impl<'a> Trainer<'a> {
    /// A fresh run: draws the networks and fits the demonstrations' advantages.
    ///
    /// # Errors
    /// When there is nobody to train on, no usable demonstration, or the inputs do not fit each other.
    pub fn new(config: TrainingConfig, inputs: TrainingInputs<'a>, seed: u64) -> Result<Self, TrainingError> {
        let mut trainer = Self::prepare(config, inputs, seed)?;
        trainer.fit_advantages(0)?;
        Ok(trainer)
    }

    /// A run as a checkpoint has it; it ends with the same parameters as if it had never stopped.
    ///
    /// # Errors
    /// When the checkpoint is damaged or was made with other settings, inputs or another seed.
    pub fn resume(
        config: TrainingConfig,
        inputs: TrainingInputs<'a>,
        seed: u64,
        checkpoint: Tensors,
    ) -> Result<Self, TrainingError> {
        let mut trainer = Self::prepare(config, inputs, seed)?;
        checkpoint::restore(&mut trainer, checkpoint)?;
        Ok(trainer)
    }

    /// Everything but the demonstrations' advantages.
    fn prepare(config: TrainingConfig, inputs: TrainingInputs<'a>, seed: u64) -> Result<Self, TrainingError> {
        let n_items = inputs.environment.n_items();
        if inputs.catalogue.len() != n_items {
            return Err(TrainingError::Catalogue { catalogue: inputs.catalogue.len(), environment: n_items });
        }
        if inputs.users.is_empty() {
            return Err(TrainingError::NoUsers);
        }
        if let Some(&user) = inputs.users.iter().find(|user| user.index() >= inputs.environment.n_users()) {
            return Err(TrainingError::UnknownUser(user));
        }
        let raw = config.raw();
        let demos = usable_demonstrations(raw, &inputs)?;
        let actor = actor_config(raw, inputs.users.len(), n_items);
        let rollouts = match network_size(raw) {
            Size::Small => None,
            Size::Large => {
                let n = raw.rollout.sessions_together;
                Some(Rollouts::new(inputs.environment, &players(raw, &inputs, seed), &actor, n)?)
            }
        };
        let mut network = Network::new(network_size(raw), actor, &mut rng_for(seed, &[stream::ACTOR]));
        let critic = Critic::new(critic_config(raw, n_items), &mut rng_for(seed, &[stream::CRITIC]));
        let kind = (raw.discriminator.features, raw.discriminator.text_width);
        let features = FeatureMaker::new(kind, inputs.dataset, inputs.catalogue, inputs.users.clone());
        let discriminator = Discriminator::new(
            features.width(&actor),
            raw.discriminator.n_hidden,
            raw.discriminator.learning_rate,
            &mut rng_for(seed, &[stream::DISCRIMINATOR]),
        );
        let demo_texts = match raw.discriminator.features {
            FeatureKind::Text => features.rows(&mut network, &demos.log, 0..demos.len()),
            FeatureKind::State => Vec::new(),
        };
        Ok(Self {
            advantages: vec![0.0; demos.len()],
            demo_weights: SumTree::new(&vec![1.0; demos.len()]),
            log: StepLog::default(),
            n_episodes: 0,
            sums: Sums::default(),
            inputs,
            config,
            seed,
            features,
            demos,
            demo_texts,
            network,
            rollouts,
            replay: Replay::default(),
            scratch: Scratch::default(),
            critic,
            discriminator,
        })
    }

    /// Episodes so far.
    pub fn n_episodes(&self) -> u64 {
        self.n_episodes
    }

    /// How many updates were made so far: each is a step of the critic and one of the policy. Fewer than were due where
    /// there was nothing to learn from yet, as in the first round of an overlapped run without demonstrations.
    pub fn n_updates(&self) -> u64 {
        self.network.n_gradient_steps()
    }

    /// How many updates are due by the end of so many episodes.
    pub(crate) fn n_updates_by(&self, n_episodes: u64) -> u64 {
        let replay = &self.config.raw().replay;
        n_episodes * replay.rows_per_episode / replay.batch_size as u64
    }

    /// The demonstrations that are used.
    pub fn demonstrations(&self) -> &Demonstrations {
        &self.demos
    }

    /// The current weight of each demonstrated step.
    pub fn demo_weights(&self) -> Vec<f32> {
        (0..self.demo_weights.len()).map(|row| self.demo_weights.weight(row) as f32).collect()
    }

    /// The policy as it is now.
    pub fn policy(&mut self, name: &str) -> PublishedPolicy {
        self.network.freeze(name, &self.inputs.users)
    }

    /// Everything needed to go on, see [`Trainer::resume`].
    pub fn checkpoint(&self) -> Tensors {
        checkpoint::save(self)
    }

    /// Runs until `n_episodes` episodes were made, or as many as the settings plan. A round of sessions stepped together
    /// is always played whole, so there may be a few more.
    ///
    /// # Errors
    /// When the environment or the disk refuses.
    pub fn run_until(
        &mut self,
        n_episodes: u64,
        options: &RunOptions,
        observer: &mut dyn Observer,
    ) -> Result<(), TrainingError> {
        let planned = self.config.raw().rollout.n_episodes;
        let last = n_episodes.min(planned);
        let mut since = Instant::now();
        while self.n_episodes < last {
            let before = self.n_episodes;
            self.run_round()?;
            let now = self.n_episodes;
            let is_due =
                |interval: u64| interval > 0 && (now / interval > before / interval || now == planned);
            if is_due(options.report_interval) {
                let sums = std::mem::take(&mut self.sums);
                let mut progress = sums.report(since.elapsed().as_secs_f64());
                (progress.n_episodes, progress.n_episodes_planned) = (now, planned);
                progress.n_env_steps = self.log.len() as u64;
                if is_due(options.validation_interval) && !self.inputs.validation_users.is_empty() {
                    progress.validation_return = Some(self.validate()?);
                }
                observer.progress(&progress);
                since = Instant::now();
            }
            if let Some(path) =
                options.checkpoint_path.as_ref().filter(|_| is_due(options.checkpoint_interval))
            {
                artefact::replace_file(path, &self.checkpoint().to_bytes())?;
                observer.checkpoint_written(now);
            }
        }
        Ok(())
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// When the environment or the disk refuses.
    pub fn run(&mut self, options: &RunOptions, observer: &mut dyn Observer) -> Result<(), TrainingError> {
        self.run_until(u64::MAX, options, observer)
    }

    /// Features of demonstrated steps, `[rows, width]`.
    pub(crate) fn demo_features(&mut self, rows: impl Iterator<Item = usize> + Clone) -> Vec<f32> {
        if self.demo_texts.is_empty() {
            return self.features.rows(&mut self.network, &self.demos.log, rows);
        }
        let width = self.discriminator.n_features();
        rows.flat_map(|row| &self.demo_texts[row * width..(row + 1) * width]).copied().collect()
    }

    /// Fits the demonstrations' values to the policy's current states.
    pub(crate) fn fit_advantages(&mut self, episode: u64) -> Result<(), TrainingError> {
        if self.demos.is_empty() {
            return Ok(());
        }
        let mut states = Vec::new();
        append_states(&mut self.network, &self.demos.log, 0..self.demos.len(), &mut states);
        let features = self.demo_features(0..self.demos.len());
        let width = self.network.config().tracker.width;
        let rng = &mut rng_for(self.seed, &[stream::ADVANTAGES, episode]);
        let fitted = DemoAdvantages::fit(
            (&states, width),
            (&features, self.discriminator.n_features()),
            &self.demos.returns,
            &self.config.value_fit(),
            rng,
        )?;
        tracing::info!(
            value_loss = fitted.value.final_loss,
            action_value_loss = fitted.action_value.final_loss,
            "advantages of the demonstrations fitted"
        );
        self.advantages = fitted.advantages;
        Ok(())
    }

    /// Mean return of the validation users with the frozen policy, the exit step's reward included.
    fn validate(&mut self) -> Result<f64, TrainingError> {
        let start = |&user: &UserIdx| Start { user, history: self.inputs.history(user), stream: 0 };
        let starts: Vec<Start<'_>> = self.inputs.validation_users.iter().map(start).collect();
        let policy = self.network.freeze("validation", &self.inputs.users);
        let rng_seed = self.seed ^ stream::VALIDATION;
        let sessions = rollout(self.inputs.environment, &policy, &starts, rng_seed)?;
        let rewards = sessions.iter().flat_map(|session| &session.steps).map(|step| f64::from(step.reward));
        Ok(rewards.sum::<f64>() / sessions.len() as f64)
    }
}

/// The network that suits the settings.
pub(crate) fn network_size(raw: &RawTrainingConfig) -> Size {
    if raw.rollout.sessions_together > 1 { Size::Large } else { Size::Small }
}

/// The demonstrations that the run can use.
fn usable_demonstrations(
    raw: &RawTrainingConfig,
    inputs: &TrainingInputs<'_>,
) -> Result<Demonstrations, TrainingError> {
    if raw.demonstrations.presence == Presence::None {
        return Ok(Demonstrations::default());
    }
    let rows: BTreeMap<UserIdx, u32> = inputs.users.iter().copied().zip(0..).collect();
    let n_items = inputs.environment.n_items();
    let demos = Demonstrations::new(&inputs.demonstrations, &rows, n_items, raw.rollout.discount)?;
    let n_steps = demos.n_left_out;
    if demos.is_empty() {
        return Err(TrainingError::NoDemonstrations { n_steps });
    }
    if n_steps > 0 {
        tracing::warn!(n_steps, "demonstrations of users outside the training users left out");
    }
    Ok(demos)
}

/// The actor that the settings describe.
pub(crate) fn actor_config(raw: &RawTrainingConfig, n_users: usize, n_items: usize) -> ActorConfig {
    let network = &raw.network;
    let tracker = TrackerConfig {
        width: network.width,
        window: network.window,
        n_layers: network.n_layers,
        dropout: network.dropout,
    };
    ActorConfig {
        n_users,
        n_items,
        tracker,
        logit_limit: network.logit_limit,
        learning_rate: network.learning_rate,
        row_norm_limit: network.row_norm_limit,
        bias_limit: network.bias_limit,
    }
}

/// The critic that the settings describe.
pub(crate) fn critic_config(raw: &RawTrainingConfig, n_items: usize) -> CriticConfig {
    CriticConfig {
        width: raw.network.width,
        n_hidden: raw.critic.n_hidden,
        n_items,
        learning_rate: raw.critic.learning_rate,
        target_interval: raw.critic.target_interval,
        target_rate: raw.critic.target_rate,
    }
}
