//! The updates of a round.

use crate::trainer::stream;
use crate::{Reweigh, StepLog, Trainer, TrainingError};
use learning::{Draw, SumTree};
use mdp::rng_for;
use policy::{
    ActorRow, CriticRow, LossConfig, PolicyRow, StateInput, normalise_advantages, temporal_difference_target,
};
use reward::{fused_weights, learned_reward};
use std::ops::Range;

/// Memory of the updates, used again; none of it carries a value from one update to the next.
#[derive(Default)]
pub(crate) struct Scratch {
    batch: Vec<Draw>,
    /// States before and behind the steps of a batch, in the order in which they are computed, then apart.
    states: Vec<f32>,
    before: Vec<f32>,
    behind: Vec<f32>,
    next_values: Vec<f32>,
    advantages: Vec<f32>,
    critic_rows: Vec<CriticRow>,
    actor_rows: Vec<ActorRow<'static>>,
}

impl Trainer<'_> {
    /// Every so many episodes: gradient steps of the discriminator on demonstrations against the episode, then new
    /// weights; and, where the settings say so, new advantages before that. The episodes' steps start at `first_row`.
    ///
    /// # Source
    /// `docs/spec/released-code.md#discriminator`, `docs/spec/released-code.md#weights`. Demonstrations come in a
    /// cyclic order that moves on by a batch every episode.
    pub(crate) fn teach_discriminator(
        &mut self,
        episodes: Range<u64>,
        first_row: usize,
    ) -> Result<(), TrainingError> {
        if self.demos.is_empty() {
            return Ok(());
        }
        let settings = self.config.raw().discriminator.clone();
        let refresh = self.config.raw().demonstrations.refresh_interval;
        let batch_size = settings.demo_batch_size as u64;
        let mut has_moved = false;
        let mut start = first_row;
        for episode in episodes {
            let session = start..self.log.session_end(start);
            start = session.end;
            if refresh > 0 && episode > 0 && episode.is_multiple_of(refresh) {
                self.fit_advantages(episode)?;
            }
            if !episode.is_multiple_of(settings.interval) {
                continue;
            }
            has_moved = true;
            let by_policy = self.features.rows(&mut self.network, &self.log, session);
            for step in 0..settings.n_gradient_steps {
                let rows = self.demo_rows((episode + step) * batch_size, batch_size);
                let demonstrated = self.demo_features(rows.iter().copied());
                let loss = self.discriminator.step(&demonstrated, &by_policy)?;
                self.sums.discriminator += f64::from(loss);
                self.sums.n_discriminator += 1;
            }
            if settings.reweigh == Reweigh::Batch && settings.n_gradient_steps > 0 {
                let last = episode + settings.n_gradient_steps - 1;
                self.reweigh_rows(&self.demo_rows(last * batch_size, batch_size));
            }
        }
        if has_moved && settings.reweigh == Reweigh::All {
            self.reweigh_all();
        }
        Ok(())
    }

    /// Demonstrations in their cyclic order.
    fn demo_rows(&self, start: u64, n: u64) -> Vec<usize> {
        (start..start + n).map(|i| (i % self.demos.len() as u64) as usize).collect()
    }

    /// Gives these demonstrations weights relative to each other.
    fn reweigh_rows(&mut self, rows: &[usize]) {
        let weights = self.fused_weights(rows);
        for (&row, weight) in rows.iter().zip(weights) {
            self.demo_weights.set(row, f64::from(weight));
        }
    }

    /// Gives all demonstrations weights relative to all.
    fn reweigh_all(&mut self) {
        let rows: Vec<usize> = (0..self.demos.len()).collect();
        let weights = self.fused_weights(&rows);
        self.demo_weights.set_all(&weights);
    }

    fn fused_weights(&mut self, rows: &[usize]) -> Vec<f32> {
        let features = self.demo_features(rows.iter().copied());
        let probabilities = self.discriminator.probabilities_of_policy(&features);
        let advantages: Vec<f32> = rows.iter().map(|&row| self.advantages[row]).collect();
        fused_weights(&advantages, &probabilities, self.config.weights())
    }

    /// Makes these updates: each a step of the critic and one of the policy. Without a step to draw there is none.
    pub(crate) fn update(&mut self, updates: Range<u64>) {
        if self.log.is_empty() && self.demos.is_empty() {
            return;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        for update in updates {
            self.update_critic(update, &mut scratch);
            self.update_actor(update, &mut scratch);
            self.sums.n_updates += 1;
        }
        self.scratch = scratch;
    }

    /// One step of the critic on a mixed batch.
    ///
    /// # Source
    /// `docs/spec/released-code.md#critic`: states are constants but are computed with dropout; a session cut by the
    /// horizon counts as ended.
    fn update_critic(&mut self, update: u64, scratch: &mut Scratch) {
        let rng = &mut rng_for(self.seed, &[stream::CRITIC_UPDATE, update]);
        self.draw(rng, &mut scratch.batch);
        let Scratch { batch, states, before, behind, next_values, critic_rows, .. } = scratch;
        let learned = self.learned_rewards(batch);
        let (window, width) = (self.network.config().tracker.window, self.network.config().tracker.width);
        let (log, demos) = (&self.log, &self.demos.log);
        let around = |draw: &Draw| {
            let (log, row) = source(log, demos, *draw);
            let state = |steps| StateInput { user_row: log.user_row(row), steps };
            let behind = (!log.is_last(row)).then(|| state(log.through(row, window)));
            [Some(state(log.before(row, window))), behind].into_iter().flatten()
        };
        states.clear();
        self.network.append_states(batch.iter().flat_map(around), Some(rng), states);
        before.clear();
        behind.clear();
        let mut rest = states.chunks_exact(width);
        for draw in &*batch {
            let (log, row) = source(log, demos, *draw);
            before.extend(rest.next().into_iter().flatten());
            if !log.is_last(row) {
                behind.extend(rest.next().into_iter().flatten());
            }
        }
        next_values.clear();
        self.critic.append_target_values(behind, next_values);
        let discount = self.config.raw().rollout.discount;
        let mut next_values = next_values.iter().copied();
        critic_rows.clear();
        critic_rows.extend(batch.iter().enumerate().map(|(index, draw)| {
            let (log, row) = source(log, demos, *draw);
            let next_value = if log.is_last(row) { None } else { next_values.next() };
            let reward = log.reward(row) + learned.get(index).copied().unwrap_or(0.0);
            CriticRow {
                item: log.item(row),
                target: temporal_difference_target(reward, next_value, discount),
                weight: demo_weight(&self.demo_weights, *draw).unwrap_or(1.0),
            }
        }));
        let loss = self.critic.step(before, critic_rows);
        self.sums.critic += f64::from(loss.action_value + loss.value);
    }

    /// One step of the policy on another mixed batch.
    ///
    /// # Source
    /// `docs/spec/released-code.md#policy-loss`: advantages come from the critic after its step, on states with
    /// dropout, normalised over the batch.
    fn update_actor(&mut self, update: u64, scratch: &mut Scratch) {
        let rng = &mut rng_for(self.seed, &[stream::ACTOR_UPDATE, update]);
        self.draw(rng, &mut scratch.batch);
        let Scratch { batch, states, advantages, actor_rows, .. } = scratch;
        let window = self.network.config().tracker.window;
        let (log, demos) = (&self.log, &self.demos.log);
        let state = |draw: &Draw| {
            let (log, row) = source(log, demos, *draw);
            StateInput { user_row: log.user_row(row), steps: log.before(row, window) }
        };
        let item = |draw: &Draw| {
            let (log, row) = source(log, demos, *draw);
            log.item(row)
        };
        states.clear();
        self.network.append_states(batch.iter().map(state), Some(rng), states);
        advantages.clear();
        self.critic.append_advantages(states, batch.iter().map(item), advantages);
        let settings = &self.config.raw().loss;
        normalise_advantages(advantages, settings.advantage_limit);
        let mut rows = emptied(std::mem::take(actor_rows));
        rows.extend(batch.iter().zip(&*advantages).map(|(draw, &advantage)| {
            let demo_weight = demo_weight(&self.demo_weights, *draw);
            let loss = PolicyRow { action: item(draw).index(), advantage, demo_weight };
            ActorRow { state: state(draw), loss }
        }));
        let config = LossConfig {
            entropy: settings.entropy,
            imitation: settings.imitation,
            logit_limit: self.config.raw().network.logit_limit,
        };
        let loss = self.network.step(&rows, &config, rng);
        *actor_rows = emptied(rows);
        let n_demos = batch.iter().filter(|draw| matches!(draw, Draw::Demonstration(_))).count();
        self.sums.demo_share += n_demos as f64 / batch.len() as f64;
        self.sums.actor += f64::from(loss.actor);
        self.sums.entropy += f64::from(loss.entropy);
        self.sums.imitation += f64::from(loss.imitation);
    }

    fn draw(&mut self, rng: &mut mdp::Rng, batch: &mut Vec<Draw>) {
        let settings = &self.config.raw().replay;
        let (priority, n) = (settings.env_priority, settings.batch_size);
        batch.clear();
        batch.extend_from_slice(self.replay.draw(self.log.len(), &mut self.demo_weights, priority, n, rng));
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
                Draw::Environment(row) => {
                    self.features.rows(&mut self.network, &self.log, std::iter::once(row))
                }
                Draw::Demonstration(row) => self.demo_features(std::iter::once(row)),
            });
        }
        let probabilities = self.discriminator.probabilities_of_policy(&features);
        probabilities.into_iter().map(|p| coefficient * learned_reward(p)).collect()
    }
}

/// The memory of a list for rows that borrow from elsewhere.
fn emptied<'to>(mut rows: Vec<ActorRow<'_>>) -> Vec<ActorRow<'to>> {
    rows.clear();
    // Collecting a list's own items writes them where they were, so nothing is allocated, and there are none.
    let nowhere = |row: ActorRow<'_>| ActorRow {
        state: StateInput { user_row: row.state.user_row, steps: &[] },
        loss: row.loss,
    };
    rows.into_iter().map(nowhere).collect()
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
