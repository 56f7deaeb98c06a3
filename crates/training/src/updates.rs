//! The three updates of an episode.

use crate::trainer::stream;
use crate::{Draw, Reweigh, StepLog, SumTree, Trainer, TrainingError, draw_batch};
use mdp::{Rng, rng_for};
use nn::Dropout;
use policy::{
    ActorRow, CriticRow, LossConfig, PolicyRow, StateInput, normalise_advantages, temporal_difference_target,
};
use reward::{fused_weights, learned_reward};

impl Trainer<'_> {
    /// Every so many episodes: gradient steps of the discriminator on demonstrations against the episode that starts
    /// at `first_row`, then new weights; and, where the settings say so, new advantages before that.
    ///
    /// # Source
    /// Spec E, F.2 and G.5. Demonstrations come in a cyclic order that moves on by a batch every episode.
    pub(crate) fn teach_discriminator(&mut self, first_row: usize) -> Result<(), TrainingError> {
        let settings = self.config.raw().discriminator.clone();
        let refresh = self.config.raw().demonstrations.refresh_interval;
        let episode = self.n_episodes;
        if self.demos.is_empty() {
            return Ok(());
        }
        if refresh > 0 && episode > 0 && episode.is_multiple_of(refresh) {
            self.fit_advantages()?;
        }
        if !episode.is_multiple_of(settings.interval) {
            return Ok(());
        }
        let batch_size = settings.demo_batch_size as u64;
        let mut rows = Vec::new();
        let by_policy = self.features.rows(&mut self.actor, &self.log, first_row..self.log.len());
        for step in 0..settings.n_gradient_steps {
            let start = (episode + step) * batch_size;
            rows = (start..start + batch_size).map(|i| (i % self.demos.len() as u64) as usize).collect();
            let demonstrated = self.demo_features(rows.iter().copied());
            let loss = self.discriminator.step(&demonstrated, &by_policy)?;
            self.sums.discriminator += f64::from(loss);
            self.sums.n_discriminator += 1;
        }
        match settings.reweigh {
            Reweigh::Batch => self.reweigh(&rows),
            Reweigh::All => self.reweigh(&(0..self.demos.len()).collect::<Vec<_>>()),
        }
        Ok(())
    }

    /// Gives these demonstrations weights relative to each other.
    fn reweigh(&mut self, rows: &[usize]) {
        let features = self.demo_features(rows.iter().copied());
        let probabilities = self.discriminator.probabilities_of_policy(&features);
        let advantages: Vec<f32> = rows.iter().map(|&row| self.advantages[row]).collect();
        let weights = fused_weights(&advantages, &probabilities, self.config.weights());
        for (&row, weight) in rows.iter().zip(weights) {
            self.demo_weights.set(row, f64::from(weight));
        }
    }

    /// One step of the critic on a mixed batch.
    ///
    /// # Source
    /// Spec G.2: states are constants but are computed with dropout; a session cut by the horizon counts as ended.
    pub(crate) fn update_critic(&mut self) {
        let rng = &mut rng_for(self.seed, &[stream::CRITIC_UPDATE, self.n_episodes]);
        let batch = self.draw(rng);
        let window = self.actor.config().tracker.window;
        let discount = self.config.raw().rollout.discount;
        let learned = self.learned_rewards(&batch);
        let (mut states, mut next_state, mut targets) = (Vec::new(), Vec::new(), Vec::new());
        for (index, draw) in batch.iter().enumerate() {
            let (log, row) = source(&self.log, &self.demos.log, *draw);
            let user_row = log.user_row(row);
            let before = StateInput { user_row, steps: log.before(row, window) };
            self.actor.append_state(before, Dropout::Drawn(rng), &mut states);
            let next_value = if log.is_last(row) {
                None
            } else {
                next_state.clear();
                let after = StateInput { user_row, steps: log.through(row, window) };
                self.actor.append_state(after, Dropout::Drawn(rng), &mut next_state);
                Some(self.critic.target_value(&next_state))
            };
            let reward = log.reward(row) + learned.get(index).copied().unwrap_or(0.0);
            targets.push(temporal_difference_target(reward, next_value, discount));
        }
        let width = self.actor.config().tracker.width;
        let row = |((draw, state), &target): ((&Draw, _), &f32)| {
            let (log, row) = source(&self.log, &self.demos.log, *draw);
            CriticRow {
                state,
                item: log.item(row),
                target,
                weight: demo_weight(&self.demo_weights, *draw).unwrap_or(1.0),
            }
        };
        let rows: Vec<CriticRow<'_>> =
            batch.iter().zip(states.chunks_exact(width)).zip(&targets).map(row).collect();
        let loss = self.critic.step(&rows);
        self.sums.critic += f64::from(loss.action_value + loss.value);
    }

    /// One step of the policy on another mixed batch.
    ///
    /// # Source
    /// Spec G.3: advantages come from the critic after its step, on states with dropout, normalised over the batch.
    pub(crate) fn update_actor(&mut self) {
        let rng = &mut rng_for(self.seed, &[stream::ACTOR_UPDATE, self.n_episodes]);
        let batch = self.draw(rng);
        let window = self.actor.config().tracker.window;
        let (mut state, mut advantages) = (Vec::new(), Vec::new());
        for draw in &batch {
            let (log, row) = source(&self.log, &self.demos.log, *draw);
            state.clear();
            let before = StateInput { user_row: log.user_row(row), steps: log.before(row, window) };
            self.actor.append_state(before, Dropout::Drawn(rng), &mut state);
            advantages.push(self.critic.advantage(&state, log.item(row)));
        }
        let settings = &self.config.raw().loss;
        normalise_advantages(&mut advantages, settings.advantage_limit);
        let row = |(draw, &advantage): (&Draw, &f32)| {
            let (log, row) = source(&self.log, &self.demos.log, *draw);
            let state = StateInput { user_row: log.user_row(row), steps: log.before(row, window) };
            let demo_weight = demo_weight(&self.demo_weights, *draw);
            ActorRow { state, loss: PolicyRow { action: log.item(row).index(), advantage, demo_weight } }
        };
        let rows: Vec<ActorRow<'_>> = batch.iter().zip(&advantages).map(row).collect();
        let config = LossConfig {
            entropy: settings.entropy,
            imitation: settings.imitation,
            logit_limit: self.config.raw().network.logit_limit,
        };
        let loss = self.actor.step(&rows, &config, rng);
        let n_demos = batch.iter().filter(|draw| matches!(draw, Draw::Demonstration(_))).count();
        self.sums.demo_share += n_demos as f64 / batch.len() as f64;
        self.sums.actor += f64::from(loss.actor);
        self.sums.entropy += f64::from(loss.entropy);
        self.sums.imitation += f64::from(loss.imitation);
    }

    fn draw(&mut self, rng: &mut Rng) -> Vec<Draw> {
        let replay = &self.config.raw().replay;
        draw_batch(self.log.len(), &mut self.demo_weights, replay.env_priority, replay.batch_size, rng)
    }

    /// What r_IRL adds to each row's reward; empty where it is not used.
    fn learned_rewards(&mut self, batch: &[Draw]) -> Vec<f32> {
        let coefficient = self.config.raw().critic.learned_reward;
        if coefficient == 0.0 {
            return Vec::new();
        }
        let mut features = Vec::new();
        for draw in batch {
            features.extend(match *draw {
                Draw::Environment(row) => self.features.rows(&mut self.actor, &self.log, [row]),
                Draw::Demonstration(row) => self.demo_features([row]),
            });
        }
        let probabilities = self.discriminator.probabilities_of_policy(&features);
        probabilities.into_iter().map(|p| coefficient * learned_reward(p)).collect()
    }
}

/// The weight of a demonstrated row, none for a row of the environment.
fn demo_weight(weights: &SumTree, draw: Draw) -> Option<f32> {
    match draw {
        Draw::Environment(_) => None,
        Draw::Demonstration(row) => Some(weights.weight(row) as f32),
    }
}

/// The log and the row that a draw means.
fn source<'l>(env: &'l StepLog, demos: &'l StepLog, draw: Draw) -> (&'l StepLog, usize) {
    match draw {
        Draw::Environment(row) => (env, row),
        Draw::Demonstration(row) => (demos, row),
    }
}
