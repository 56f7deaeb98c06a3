//! The loop: live, follow, learn, validate, keep the best.

use crate::config::RobustConfig;
use crate::guidance::{Guidance, IlRec, NoGuidance};
use crate::learner::{Learner, UpdateReport};
use crate::policy::RobustPolicy;
use crate::session::{Acting, LearnerSession, follow, live};
use crate::taste;
use crate::unseen::with_unseen;
use crate::{RobustError, checkpoint};
use artefact::Tensors;
use catalogue::Catalogue;
use environment::{Environment, Start, rollout};
use mdp::{Interaction, Trajectory, UserIdx, rng_for};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use ranking::{Actor, ItemTable, QuitHazard, Ranker, Selection};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a run learns from. Test users and the judge are nowhere in it.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The items.
    pub catalogue: &'a Catalogue,
    /// The world to train in.
    pub environment: &'a Environment,
    /// Users whose sessions may be run for learning, with their logged histories.
    pub train: &'a [(UserIdx, &'a [Interaction])],
    /// Users whose sessions select the policy that is kept.
    pub validation: &'a [(UserIdx, &'a [Interaction])],
    /// Demonstrations of training users; others are left out.
    pub demonstrations: &'a [Trajectory],
}

/// How many demonstrations are weighed once more at the end, for the record.
const N_WEIGHED: usize = 400;

/// Counters of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Updates so far, the warm start's included.
    pub n_iterations: u64,
    /// Interactions with the train world for learning.
    pub n_env_steps: u64,
    /// Sessions run for learning.
    pub n_episodes: u64,
    /// Gradient steps over all networks.
    pub n_gradient_steps: u64,
    /// Mean length of the last batch of sessions.
    pub mean_length: f32,
    /// Mean return of the last batch of sessions (environment rewards, undiscounted).
    pub mean_return: f32,
    /// Best validation return so far.
    pub best_validation: Option<f32>,
    /// The latest validation return.
    pub last_validation: Option<f32>,
}

/// Told what happens; may keep a checkpoint.
pub trait Observer {
    /// After every update. `validated` says that the validation return in `progress` is new.
    ///
    /// # Errors
    /// Whatever stops the run.
    fn updated(
        &mut self,
        progress: &Progress,
        report: &UpdateReport,
        validated: bool,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// After every validation, with everything that is needed to go on from here.
    ///
    /// # Errors
    /// Whatever stops the run, such as a full disk.
    fn checkpoint(
        &mut self,
        _state: &dyn Fn() -> Tensors,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Observer for Silent {
    fn updated(
        &mut self,
        _: &Progress,
        _: &UpdateReport,
        _: bool,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }
}

/// What a run ends with.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The policy with the best validation return.
    pub policy: RobustPolicy,
    /// The counters at the end.
    pub progress: Progress,
    /// What every step of the first 400 demonstrations weighs at the end, one list per demonstration of
    /// [`Inputs::demonstrations`], empty for those that were left out of training. The filter of steps that the
    /// policy has overtaken is not applied.
    pub weights: Vec<Vec<f32>>,
    /// The critic's value of the states before the same steps: what it expects of the rest of the session, in units of
    /// discounted rewards.
    pub values: Vec<Vec<f32>>,
}

/// The policy kept by validation so far.
#[derive(Clone, Debug)]
pub(crate) struct Best {
    pub(crate) actor: Actor,
    pub(crate) hazard: QuitHazard,
    pub(crate) selection: Selection,
}

/// Everything of a run that changes.
pub(crate) struct State {
    pub(crate) learner: Learner,
    pub(crate) guidance: Box<dyn Guidance>,
    pub(crate) best: Best,
    pub(crate) progress: Progress,
}

/// Random streams of a run; each is named by its purpose and counters, so a resumed run draws the same numbers.
#[derive(Clone, Copy)]
enum Stream {
    Taste = 1,
    Networks = 2,
    Update = 3,
    Users = 4,
    Sessions = 5,
    Validation = 6,
    Demonstrations = 7,
    Instead = 8,
    Unseen = 9,
}

/// Trains the default learner. With `resume`, goes on from a checkpoint of the same inputs, settings and seed and
/// ends with the same parameters as a run that was never interrupted.
///
/// # Errors
/// When settings or inputs cannot work, the checkpoint does not fit, or the observer refuses.
pub fn train(
    inputs: &Inputs<'_>,
    config: &RobustConfig,
    seed: u64,
    resume: Option<Tensors>,
    observer: &mut dyn Observer,
) -> Result<Trained, RobustError> {
    let run = Run::new(inputs, config, seed)?;
    let mut state = run.fresh_state()?;
    if let Some(tensors) = resume {
        checkpoint::restore(&mut state, tensors)?;
    }
    let last = |progress: &Progress| {
        let is_warming = progress.n_iterations < run.warm_start();
        !is_warming && (!config.switches.actor_critic || progress.n_env_steps >= config.training.n_env_steps)
    };
    while !last(&state.progress) {
        let report = run.iterate(&mut state)?;
        let interval = config.training.validation_interval;
        let validates = state.progress.n_iterations.is_multiple_of(interval) || last(&state.progress);
        if validates {
            run.validate(&mut state)?;
        }
        observer.updated(&state.progress, &report, validates).map_err(RobustError::Observer)?;
        if validates {
            let snapshot = std::cell::RefCell::new(&mut state);
            observer
                .checkpoint(&|| checkpoint::save(&mut snapshot.borrow_mut()))
                .map_err(RobustError::Observer)?;
        }
    }
    let (weights, values) = run.demonstration_weights(&state);
    let State { best, progress, .. } = state;
    let ranker = Ranker {
        actor: best.actor,
        hazard: config.switches.hazard.then_some(best.hazard),
        selection: best.selection,
        learns_in_session: config.switches.session_feedback,
        items: run.items,
    };
    let policy = RobustPolicy { ranker };
    Ok(Trained { policy, progress, weights, values })
}

struct Run<'a> {
    inputs: &'a Inputs<'a>,
    config: &'a RobustConfig,
    seed: u64,
    items: Arc<ItemTable>,
    histories: BTreeMap<UserIdx, &'a [Interaction]>,
    demonstrations: Vec<Trajectory>,
}

impl<'a> Run<'a> {
    fn new(inputs: &'a Inputs<'a>, config: &'a RobustConfig, seed: u64) -> Result<Self, RobustError> {
        config.check()?;
        let (catalogue, environment) = (inputs.catalogue.len(), inputs.environment.n_items());
        if catalogue != environment {
            return Err(RobustError::WrongCatalogue { catalogue, environment });
        }
        for (name, users) in [("training", inputs.train), ("validation", inputs.validation)] {
            if users.is_empty() {
                return Err(RobustError::NoUsers(name));
            }
        }
        let histories: BTreeMap<_, _> = inputs.train.iter().copied().collect();
        let demonstrations = if config.switches.demonstrations { inputs.demonstrations } else { &[] };
        let demonstrations: Vec<Trajectory> = demonstrations
            .iter()
            .filter(|d| histories.contains_key(&d.user) && !d.steps.is_empty())
            .cloned()
            .collect();
        if config.switches.demonstrations && demonstrations.is_empty() {
            return Err(RobustError::NoDemonstrations);
        }
        let categories: Vec<Vec<u16>> =
            inputs.catalogue.items().iter().map(|item| item.categories.clone()).collect();
        let logged: Vec<&[Interaction]> = inputs.train.iter().map(|(_, history)| *history).collect();
        let mut rng = rng_for(seed, &[Stream::Taste as u64]);
        let fitted = with_unseen(&logged, catalogue, &mut rng_for(seed, &[Stream::Unseen as u64]));
        let fitted: Vec<&[Interaction]> = fitted.iter().map(|history| &**history).collect();
        let taste = taste::fit(&fitted, &categories, &config.taste(), &mut rng);
        let items = Arc::new(ItemTable::new(inputs.catalogue, taste));
        Ok(Self { inputs, config, seed, items, histories, demonstrations })
    }

    fn fresh_state(&self) -> Result<State, RobustError> {
        let mut rng = rng_for(self.seed, &[Stream::Networks as u64]);
        let learner = Learner::new(self.config, &mut rng);
        let guidance: Box<dyn Guidance> = if self.config.switches.demonstrations {
            let guidance = IlRec::new(self.demonstrations.clone(), self.config, &mut rng);
            Box::new(guidance.map_err(RobustError::Weights)?)
        } else {
            Box::new(NoGuidance)
        };
        let best = Best {
            actor: learner.actor.clone(),
            hazard: learner.hazard.clone(),
            selection: Selection::Greedy,
        };
        Ok(State { learner, guidance, best, progress: Progress::default() })
    }

    fn warm_start(&self) -> u64 {
        if self.demonstrations.is_empty() { 0 } else { self.config.training.warm_start_iterations }
    }

    fn acting<'b>(&'b self, learner: &'b Learner) -> Acting<'b> {
        Acting {
            items: &self.items,
            actor: &learner.actor,
            hazard: self.config.switches.hazard.then_some(&learner.hazard),
            learns_in_session: self.config.switches.session_feedback,
        }
    }

    fn iterate(&self, state: &mut State) -> Result<UpdateReport, RobustError> {
        let iteration = state.progress.n_iterations;
        let lives = self.config.switches.actor_critic && iteration >= self.warm_start();
        let own = if lives { self.live(state)? } else { Vec::new() };
        let (expert, n_new) = self.follow(state);
        let mut rng = rng_for(self.seed, &[Stream::Update as u64, iteration]);
        let State { learner, guidance, progress, .. } = state;
        let report =
            learner.update(&own, (&expert, n_new), guidance.as_mut(), (self.config, progress), &mut rng);
        progress.n_iterations += 1;
        progress.n_gradient_steps += report.n_gradient_steps;
        if !own.is_empty() {
            let n_steps: usize = own.iter().map(|s| s.steps.len()).sum();
            let total: f32 = own.iter().flat_map(|s| &s.steps).map(|s| s.reward).sum();
            progress.n_env_steps += n_steps as u64;
            progress.n_episodes += own.len() as u64;
            progress.mean_length = n_steps as f32 / own.len() as f32;
            progress.mean_return = total / own.len() as f32;
        }
        Ok(report)
    }

    /// Whole sessions of random training users, as many as give the aimed number of steps.
    fn live(&self, state: &State) -> Result<Vec<LearnerSession>, RobustError> {
        const FEWEST: usize = 16;
        const MOST: usize = 512;
        const FIRST_LENGTH: f32 = 8.0;
        let progress = &state.progress;
        let length = if progress.mean_length > 0.0 { progress.mean_length } else { FIRST_LENGTH };
        let aim = self.config.training.steps_per_iteration as f32 / length;
        let n_sessions = (aim as usize).clamp(FEWEST, MOST);
        let mut rng = rng_for(self.seed, &[Stream::Users as u64, progress.n_iterations]);
        let users: Vec<usize> =
            (0..n_sessions).map(|_| rng.random_range(0..self.inputs.train.len())).collect();
        let acting = self.acting(&state.learner);
        let one = |(index, &user): (usize, &usize)| {
            let path = [Stream::Sessions as u64, progress.n_iterations, index as u64];
            let mut rng = rng_for(self.seed, &path);
            let who = self.inputs.train[user];
            live(acting, self.inputs.environment, who, &mut rng)
        };
        Ok(users.par_iter().enumerate().map(one).collect::<Result<_, _>>()?)
    }

    /// The next demonstrations of an order that is shuffled anew at each pass, and how many of them, the first ones,
    /// are followed for the first time.
    fn follow(&self, state: &State) -> (Vec<LearnerSession>, usize) {
        let demonstrations = state.guidance.demonstrations();
        if demonstrations.is_empty() {
            return (Vec::new(), 0);
        }
        let per_update = self.config.imitation.sessions_per_iteration.min(demonstrations.len());
        let iteration = state.progress.n_iterations;
        let start = iteration as usize * per_update;
        let n = demonstrations.len();
        let order = |pass: usize| {
            let mut order: Vec<usize> = (0..n).collect();
            order.shuffle(&mut rng_for(self.seed, &[Stream::Demonstrations as u64, pass as u64]));
            order
        };
        let passes = start / n..=(start + per_update - 1) / n;
        let orders: Vec<usize> = passes.flat_map(order).collect();
        let first = start % n;
        let picked = &orders[first..first + per_update];
        let acting = self.acting(&state.learner);
        let one = |&index: &usize| {
            let demonstration = &demonstrations[index];
            let history = self.histories[&demonstration.user];
            let path = [Stream::Instead as u64, iteration, index as u64];
            follow(acting, demonstration, history, &mut rng_for(self.seed, &path))
        };
        (picked.par_iter().map(one).collect(), n.saturating_sub(start).min(per_update))
    }

    /// What every demonstrated step weighs, and what the critic expected before it.
    fn demonstration_weights(&self, state: &State) -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
        let acting = self.acting(&state.learner);
        let one = |demonstration: &Trajectory| match self.histories.get(&demonstration.user) {
            Some(history) if self.config.switches.demonstrations => {
                follow(acting, demonstration, history, &mut rng_for(self.seed, &[Stream::Instead as u64]))
            }
            _ => LearnerSession::default(),
        };
        let first = &self.inputs.demonstrations[..self.inputs.demonstrations.len().min(N_WEIGHED)];
        let followed: Vec<LearnerSession> = first.par_iter().map(one).collect();
        let mut weights =
            state.learner.guidance_weights(&followed, state.guidance.as_ref(), self.config).into_iter();
        let weights =
            followed.iter().map(|session| weights.by_ref().take(session.steps.len()).collect()).collect();
        (weights, followed.iter().map(|session| state.learner.values(session, self.config)).collect())
    }

    /// Mean return on validation users in the train world; keeps the best policy.
    fn validate(&self, state: &mut State) -> Result<(), RobustError> {
        let n = self.config.training.n_validation_users.min(self.inputs.validation.len());
        let starts: Vec<Start<'_>> = self.inputs.validation[..n]
            .iter()
            .map(|&(user, history)| Start { user, history, stream: Stream::Validation as u64 })
            .collect();
        let candidate = Ranker {
            items: self.items.clone(),
            actor: state.learner.actor.clone(),
            hazard: self.config.switches.hazard.then(|| state.learner.hazard.clone()),
            selection: Selection::Greedy,
            learns_in_session: self.config.switches.session_feedback,
        };
        let sessions = rollout(self.inputs.environment, &candidate, &starts, self.seed)?;
        let total: f32 = sessions.iter().flat_map(|t| &t.steps).map(|s| s.reward).sum();
        let mean = total / n as f32;
        state.progress.last_validation = Some(mean);
        if state.progress.best_validation.is_none_or(|best| mean > best) {
            state.progress.best_validation = Some(mean);
            let Ranker { actor, selection, .. } = candidate;
            state.best = Best { actor, hazard: state.learner.hazard.clone(), selection };
        }
        Ok(())
    }
}
