//! IL-Rec as we build it: imitation and actor-critic over what a history says, with a learned hazard of leaving.

mod config;
mod decision;
pub(crate) mod gradients;
mod hazard;
mod knowledge;
mod learner;
pub(crate) mod rollout;
pub(crate) use crate::ranker_policy::RankerPolicy;
use crate::registry::{Code, Entry, Kind, Settings};
use crate::tensors::{put_mlp, take_mlp};
use artefact::Tensors;
use environment::SessionSeed;
use learner::{Context, Learner, Sessions};
use learning::{
    Algorithm, Demonstrations, Explained, Hook, Hooks, Inputs, Keeps, LearningError, Metrics, Needs, Plan,
    Progress, Round, Run, Schedule, Stateful, Term, Terms, TrainedPolicy,
};
use mdp::{Interaction, Trajectory, UserIdx, rng_for};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use ranking::{Actor, QuitHazard, Ranker};
use rayon::prelude::*;
use representation::{Cause, ItemTable};
use rollout::{Acting, LearnerSession, replay_demonstration, rollout};
use std::collections::BTreeMap;
use std::sync::Arc;

pub use config::{
    Config, FirstWeights, HazardSettings, ImitationSettings, LearnedRewardSettings, Switches,
    TrainingSettings,
};

/// The settings as a file, with a comment for each.
pub const PRESET: &str = include_str!("il_rec/preset.toml");

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "il-rec",
    kind: Kind::Algorithm,
    about: "imitation of weighed demonstrations, then actor-critic with a learned reward and a learned hazard of leaving",
    source: "IL-Rec, arXiv 2510.13229, with a state, a critic and a hazard of our own",
    faithful: false,
    needs: Needs {
        schedule: Schedule::OnPolicy,
        demonstrations: Demonstrations::Needed,
        asks: ACTING.and(IMITATING),
    },
    preset: PRESET,
    fixed: "",
    small: include_str!("il_rec/small.toml"),
    readme: include_str!("il_rec/README.md"),
    code: &CODE,
};

/// What terms are asked while the policy's own sessions are learned from.
pub(crate) const ACTING: Hooks =
    Hooks::of(&[Hook::Bias, Hook::Learn, Hook::Utility, Hook::Reward, Hook::Loss]);
/// What terms are asked while demonstrations are learned from.
const IMITATING: Hooks = Hooks::of(&[Hook::Learn, Hook::Weights, Hook::Loss]);

/// The word for the network in `training.json`; the first versions called it so.
pub const NETWORK: &str = "robust";

/// Reads the settings of everything that is this learner with parts switched off.
pub(crate) const CODE: Code = Code {
    network: NETWORK,
    settings: |name, value| {
        let config: Config = crate::registry::read(name, value)?;
        config.check()?;
        Ok(Box::new(config))
    },
    open: |tensors, catalogue| Ok(Box::new(RankerPolicy::from_tensors(tensors, catalogue)?)),
};

impl Settings for Config {
    fn value(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("settings are plain data")
    }

    fn start<'a>(&self, inputs: &'a Inputs<'a>, seed: u64) -> Result<Run<'a>, LearningError> {
        start(inputs, self, seed, Vec::new())
    }
}

/// Random streams of a run; each is named by its purpose and counters, so a resumed run draws the same numbers.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Networks = 2,
    Update = 3,
    Users = 4,
    Sessions = 5,
    Demonstrations = 7,
    Negatives = 8,
}

/// A run from its start, with more terms behind its own.
///
/// # Errors
/// When settings or inputs cannot work.
pub fn start<'a>(
    inputs: &'a Inputs<'a>,
    config: &Config,
    seed: u64,
    more: Vec<Box<dyn Term>>,
) -> Result<Run<'a>, LearningError> {
    config.check()?;
    inputs.check()?;
    let demonstrations: Vec<(u32, &Trajectory)> = match config.switches.demonstrations {
        true => inputs.usable().map(|(place, demo)| (place as u32, &demo.session)).collect(),
        false => Vec::new(),
    };
    let mut rng = rng_for(seed, &[Stream::Networks as u64]);
    let learner = Learner::new(config, &mut rng);
    let mut terms: Vec<Box<dyn Term>> = Vec::new();
    if config.switches.demonstrations {
        terms.push(Box::new(knowledge::Knowledge::new(config, &mut rng)?));
    }
    terms.extend(more);
    let algorithm = IlRec {
        inputs,
        config: config.clone(),
        seed,
        items: inputs.item_table(&config.taste, seed),
        histories: inputs.histories(),
        demonstrated_return: mean_return(&demonstrations),
        demonstrations,
        learner,
    };
    Ok(Run { name: ENTRY.name, algorithm: Box::new(algorithm), terms: Terms::new(terms) })
}

/// A run in progress.
struct IlRec<'a> {
    inputs: &'a Inputs<'a>,
    config: Config,
    seed: u64,
    items: Arc<ItemTable>,
    histories: BTreeMap<UserIdx, &'a [Interaction]>,
    /// With their places among those of the inputs.
    demonstrations: Vec<(u32, &'a Trajectory)>,
    demonstrated_return: f32,
    learner: Learner,
}

impl Stateful for IlRec<'_> {
    fn save(&self) -> Tensors {
        self.learner.save()
    }

    fn restore(&mut self, from: Tensors) -> Result<(), LearningError> {
        self.learner.restore(from)
    }
}

impl Algorithm for IlRec<'_> {
    fn needs(&self) -> Needs {
        let switches = self.config.switches;
        let schedule = match (switches.actor_critic, switches.demonstrations) {
            (true, _) => Schedule::OnPolicy,
            (false, true) => Schedule::Offline,
            (false, false) => Schedule::None,
        };
        let asks = ACTING.when(switches.actor_critic).and(IMITATING.when(switches.demonstrations));
        Needs { schedule, demonstrations: Demonstrations::needed(switches.demonstrations), asks }
    }

    fn plan(&self) -> Plan {
        Plan { keeps: Keeps::Best, n_validation_users: self.config.training.n_validation_users }
    }

    fn share_done(&self, progress: &Progress) -> f64 {
        let warm_start = self.warm_start();
        if !self.config.switches.actor_critic {
            return share(progress.n_rounds, warm_start);
        }
        match progress.n_rounds < warm_start {
            true => 0.0,
            false => share(progress.n_env_steps, self.config.training.n_env_steps),
        }
    }

    fn is_validated(&self, progress: &Progress) -> bool {
        progress.n_rounds.is_multiple_of(self.config.training.validation_interval)
    }

    fn round(&mut self, round: &mut Round<'_>) -> Result<Metrics, LearningError> {
        let mut rng = round.rng(Stream::Update as u64);
        let acts = self.config.switches.actor_critic && round.progress.n_rounds >= self.warm_start();
        let own = if acts { self.rollouts(round)? } else { Vec::new() };
        let (demonstrated, n_new) = replayed(self, round.progress.n_rounds);
        let sessions = Sessions { own: &own, demonstrated: &demonstrated, n_new };
        let context = Context {
            config: &self.config,
            progress: round.progress,
            items: &self.items,
            demonstrated_return: self.demonstrated_return,
        };
        let (metrics, n_gradient_steps) = self.learner.update(sessions, round.terms, context, &mut rng)?;
        let n_steps = own.iter().map(|session| session.steps.len()).sum();
        let total = own.iter().flat_map(|session| &session.steps).map(|step| step.reward).sum();
        round.progress.count(own.len(), n_steps, total);
        round.progress.n_gradient_steps += n_gradient_steps;
        Ok(metrics)
    }

    fn parameters(&mut self) -> Tensors {
        let mut out = Tensors::default();
        put_mlp(&mut out, "actor", &self.learner.actor.network);
        for (cause, mlp) in Cause::ALL.into_iter().zip(self.learner.hazard.causes()) {
            put_mlp(&mut out, cause.name(), mlp);
        }
        out
    }

    fn policy(&self, mut parameters: Tensors) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        let rng = &mut rng_for(0, &[]);
        let (mut actor, mut hazard) = (Actor::new(rng), QuitHazard::new(rng));
        take_mlp(&mut parameters, "actor", &mut actor.network)?;
        for (cause, mlp) in Cause::ALL.into_iter().zip(hazard.causes_mut()) {
            take_mlp(&mut parameters, cause.name(), mlp)?;
        }
        Ok(Box::new(RankerPolicy::new(Ranker {
            items: self.items.clone(),
            actor,
            hazard: self.config.switches.hazard.then_some(hazard),
            selection: self.config.training.selection,
            learns_in_session: self.config.switches.session_feedback,
        })))
    }

    /// Of all demonstrations together; the filter of steps that the policy has overtaken is not applied.
    fn explain(&self, terms: &Terms) -> Result<Vec<Explained>, LearningError> {
        let mut out = vec![Explained::default(); self.inputs.demonstrations.len()];
        let rng = || rng_for(self.seed, &[Stream::Negatives as u64]);
        let acting = self.acting();
        let replay = |&(place, demo): &(u32, &'_ Trajectory)| {
            replay_demonstration(acting, (place, demo), self.histories[&demo.user], &mut rng())
        };
        let sessions: Vec<LearnerSession<'_>> = self.demonstrations.par_iter().map(replay).collect();
        let mut weights = self.learner.term_weights(&sessions, terms, &self.config)?.into_iter();
        for session in &sessions {
            let place = session.demonstration.expect("demonstrations were replayed") as usize;
            out[place] = Explained {
                weights: weights.by_ref().take(session.steps.len()).collect(),
                values: self.learner.values(session, &self.config),
            };
        }
        Ok(out)
    }
}

impl<'a> IlRec<'a> {
    fn warm_start(&self) -> u64 {
        if self.demonstrations.is_empty() { 0 } else { self.config.training.warm_start_iterations }
    }

    fn acting(&self) -> Acting<'_> {
        Acting::of(&self.learner, &self.items, &self.config)
    }

    /// Whole sessions of random training users, as many as give the aimed number of steps.
    fn rollouts(&self, round: &Round<'_>) -> Result<Vec<LearnerSession<'a>>, LearningError> {
        const FEWEST: usize = 16;
        const MOST: usize = 512;
        const FIRST_LENGTH: f32 = 8.0;
        let progress = &round.progress;
        let length = if progress.mean_length > 0.0 { progress.mean_length } else { FIRST_LENGTH };
        let aim = self.config.training.steps_per_iteration as f32 / length;
        let n_sessions = (aim as usize).clamp(FEWEST, MOST);
        let mut rng = rng_for(self.seed, &[Stream::Users as u64, progress.n_rounds]);
        let users: Vec<usize> =
            (0..n_sessions).map(|_| rng.random_range(0..self.inputs.train.len())).collect();
        let acting = self.acting().biased(round.terms);
        let one = |(index, &user): (usize, &usize)| {
            let path = [Stream::Sessions as u64, progress.n_rounds, index as u64];
            let seed = SessionSeed { seed: self.seed, stream: (progress.n_rounds << 32) | index as u64 };
            let rng = &mut rng_for(self.seed, &path);
            rollout(acting, self.inputs.environment, self.inputs.train[user], rng, seed)
        };
        users.par_iter().enumerate().map(one).collect()
    }
}

/// The next demonstrations of an order that is shuffled anew at each pass, and how many of them, the first ones, are
/// replayed for the first time.
fn replayed<'a>(run: &IlRec<'a>, n_rounds: u64) -> (Vec<LearnerSession<'a>>, usize) {
    let n = run.demonstrations.len();
    if n == 0 {
        return (Vec::new(), 0);
    }
    let per_round = run.config.imitation.sessions_per_iteration.min(n);
    let start = n_rounds as usize * per_round;
    let order = |pass: usize| {
        let mut order: Vec<usize> = (0..n).collect();
        order.shuffle(&mut rng_for(run.seed, &[Stream::Demonstrations as u64, pass as u64]));
        order
    };
    let passes = start / n..=(start + per_round - 1) / n;
    let orders: Vec<usize> = passes.flat_map(order).collect();
    let picked = &orders[start % n..start % n + per_round];
    let acting = run.acting();
    let one = |&index: &usize| {
        let (place, demo) = run.demonstrations[index];
        let path = [Stream::Negatives as u64, n_rounds, index as u64];
        replay_demonstration(acting, (place, demo), run.histories[&demo.user], &mut rng_for(run.seed, &path))
    };
    (picked.par_iter().map(one).collect(), n.saturating_sub(start).min(per_round))
}

/// Mean sum of rewards of a session; 0 without sessions.
fn mean_return(demonstrations: &[(u32, &Trajectory)]) -> f32 {
    let steps = demonstrations.iter().flat_map(|(_, session)| &session.steps);
    steps.map(|step| step.reward).sum::<f32>() / demonstrations.len().max(1) as f32
}

fn share(done: u64, planned: u64) -> f64 {
    if planned == 0 { 1.0 } else { done as f64 / planned as f64 }
}

#[cfg(test)]
mod tests;
