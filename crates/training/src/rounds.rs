//! A round of episodes: rollouts and then, or at the same time, updates of everything.

use crate::network::Network;
use crate::rollouts::{Players, Rollouts};
use crate::trainer::stream;
use crate::{RawTrainingConfig, Repeats, RolloutSettings, Trainer, TrainingError, TrainingInputs};
use mdp::{ItemIdx, ItemSet, rng_for};
use policy::StateInput;
use std::ops::Range;

impl<'a> Trainer<'a> {
    /// One round: rollouts, the discriminator where its time has come, and the updates that are due. Where they overlap,
    /// the rollouts act by the policy as it was at the round's start, and the updates do not see them yet.
    pub(crate) fn run_round(&mut self) -> Result<(), TrainingError> {
        let RolloutSettings { n_episodes, sessions_together, overlap, .. } = self.config.raw().rollout;
        let first_row = self.log.len();
        let end = (self.n_episodes + sessions_together as u64).min(n_episodes);
        let episodes = self.n_episodes..end;
        let updates = self.n_updates_by(episodes.start)..self.n_updates_by(end);
        match self.rollouts.take() {
            None => self.play_alone(episodes.start)?,
            Some(mut rollouts) => {
                let played =
                    self.play_together(&mut rollouts, episodes.clone(), overlap.then_some(updates.clone()));
                self.rollouts = Some(rollouts);
                played?;
            }
        }
        self.teach_discriminator(episodes.clone(), first_row)?;
        if !overlap {
            self.update(updates);
        }
        self.n_episodes = end;
        self.sums.n_episodes += episodes.end - episodes.start;
        Ok(())
    }

    /// Plays a round of episodes and appends them to the log; meanwhile makes updates, if there are any.
    fn play_together(
        &mut self,
        rollouts: &mut Rollouts<'a>,
        episodes: Range<u64>,
        updates: Option<Range<u64>>,
    ) -> Result<(), TrainingError> {
        let Network::Large(actor) = &mut self.network else {
            unreachable!("sessions stepped together come with the large network");
        };
        let players = players(self.config.raw(), &self.inputs, self.seed);
        rollouts.prepare(actor, &players, episodes.clone());
        match updates {
            None => rollouts.play(&players, episodes.clone())?,
            Some(updates) => {
                let play = || rollouts.play(&players, episodes.clone());
                rayon::join(|| self.update(updates), play).1?;
            }
        }
        for (episode, steps) in episodes.zip(rollouts.sessions()) {
            self.remember(players.user_row(episode), steps);
        }
        Ok(())
    }

    /// Plays one episode with dropout on and appends it to the log.
    fn play_alone(&mut self, episode: u64) -> Result<(), TrainingError> {
        let players = players(self.config.raw(), &self.inputs, self.seed);
        let Network::Small(actor) = &mut self.network else {
            unreachable!("sessions played alone come with the small network");
        };
        let row = players.user_row(episode);
        let user = self.inputs.users[row as usize];
        let mut rng = rng_for(self.seed, &[stream::ROLLOUT, episode]);
        let mut shown = players.is_masked.then(|| ItemSet::empty(self.inputs.environment.n_items()));
        if let Some(shown) = &mut shown {
            players.mask_history(user, shown);
        }
        let window = actor.config().tracker.window;
        let mut session = self.inputs.environment.start_seeded(user, players.session_seed(episode))?;
        let mut steps: Vec<(ItemIdx, f32)> = Vec::with_capacity(self.inputs.environment.horizon());
        while session.end().continues() {
            let recent = &steps[steps.len().saturating_sub(window)..];
            let state = StateInput { user_row: row, steps: recent };
            let (item, _) = actor.act(state, shown.as_ref(), &mut rng);
            let outcome = session.step(item)?;
            if let Some(shown) = &mut shown {
                shown.insert(item);
            }
            steps.push((item, outcome.reward));
        }
        self.remember(row, &steps);
        Ok(())
    }

    /// Appends a session to the log.
    fn remember(&mut self, user_row: u32, steps: &[(ItemIdx, f32)]) {
        self.sums.rewards += steps.iter().map(|&(_, reward)| f64::from(reward)).sum::<f64>();
        self.sums.steps += steps.len() as f64;
        self.log.push_session(user_row, steps);
    }
}

/// Who plays, and how.
pub(crate) fn players<'a>(raw: &RawTrainingConfig, inputs: &TrainingInputs<'a>, seed: u64) -> Players<'a> {
    let is_masked = raw.rollout.repeats == Repeats::Masked;
    Players { seed, users: inputs.users.clone(), histories: inputs.histories.clone(), is_masked }
}
