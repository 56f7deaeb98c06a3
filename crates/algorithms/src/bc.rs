//! Behaviour cloning to convergence: the likelihood of demonstrated choices, stopped where that of held-out ones is best.

mod config;

use crate::il_rec::gradients::WeightGradients;
use crate::il_rec::rollout::{Acting, LearnerSession, replay_demonstration, steps_of};
use crate::ranker_policy::RankerPolicy;
use crate::registry::{Code, Entry, Kind, Settings};
use crate::tensors::{put_adam, put_mlp, take, take_adam, take_mlp};
use artefact::Tensors;
use config::Config;
use kernels::{Adam, AdamConfig};
use learning::{
    Algorithm, Demonstrations, Hook, Hooks, Inputs, Keeps, LearningError, Metrics, Needs, Plan, Progress,
    Round, Run, Schedule, Stateful, Terms, TrainedPolicy,
};
use mdp::{Interaction, Trajectory, UserIdx, rng_for};
use rand::seq::SliceRandom as _;
use ranking::{Actor, Ranker, Selection};
use rayon::prelude::*;
use representation::{ItemTable, N_FEATURES};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "bc",
    kind: Kind::Algorithm,
    about: "behaviour cloning from neutral first weights: every demonstrated step counts the same, to convergence on held-out demonstrations",
    source: "Pomerleau 1991; Bain & Sammut 1995",
    faithful: true,
    needs: Needs { schedule: Schedule::Offline, demonstrations: Demonstrations::Needed, asks: ASKS },
    preset: include_str!("bc/preset.toml"),
    fixed: "",
    small: include_str!("bc/small.toml"),
    readme: include_str!("bc/README.md"),
    code: &Code {
        settings: |name, value| {
            let config: Config = crate::registry::read(name, value)?;
            config.check()?;
            Ok(Box::new(config))
        },
        ..crate::il_rec::CODE
    },
};

impl Settings for Config {
    fn value(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("settings are plain data")
    }

    fn start<'a>(&self, inputs: &'a Inputs<'a>, seed: u64) -> Result<Run<'a>, LearningError> {
        let algorithm = Box::new(Bc::new(inputs, self, seed)?);
        Ok(Run { name: ENTRY.name, algorithm, terms: Terms::default() })
    }
}

/// What terms are asked: how much each step counts, and for losses beside the likelihood.
const ASKS: Hooks = Hooks::of(&[Hook::Weights, Hook::Loss]);

/// Random streams of a run.
const NETWORK: u64 = 2;
const HELD_OUT: u64 = 20;
const ORDER: u64 = 21;

type Demonstration<'a> = (u32, &'a Trajectory);

/// Gradient steps of a round at most: where there are many demonstrations, nothing is left to gain long before a pass over
/// all of them is over.
const STEPS_PER_ROUND: usize = 64;
/// Held-out demonstrations that are looked at after each round, at most.
const N_HELD_OUT: usize = 256;

/// A run in progress. A round is a pass over the demonstrations in random order, or as much of one as 64 steps are.
struct Bc<'a> {
    config: Config,
    items: Arc<ItemTable>,
    histories: BTreeMap<UserIdx, &'a [Interaction]>,
    fitted: Vec<Demonstration<'a>>,
    held_out: Vec<Demonstration<'a>>,
    actor: Actor,
    adam: Adam,
    best: Best,
}

/// The actor of the highest likelihood of held-out demonstrations so far.
#[derive(Clone)]
struct Best {
    actor: Actor,
    /// Negative log-likelihood per held-out step, nats.
    loss: f32,
    /// Rounds since it was found.
    n_rounds_since: u64,
}

impl<'a> Bc<'a> {
    fn new(inputs: &'a Inputs<'a>, config: &Config, seed: u64) -> Result<Self, LearningError> {
        config.check()?;
        inputs.check()?;
        let usable: Vec<Demonstration<'a>> =
            inputs.usable().map(|(place, demo)| (place as u32, &demo.session)).collect();
        let users = held_out_users(&usable, config.held_out, seed);
        let (mut held_out, fitted): (Vec<_>, Vec<_>) =
            usable.iter().partition(|(_, session)| users.contains(&session.user));
        held_out.shuffle(&mut rng_for(seed, &[HELD_OUT, 1]));
        held_out.truncate(N_HELD_OUT);
        let actor = Actor::neutral(&mut rng_for(seed, &[NETWORK]));
        let adam = AdamConfig::with_learning_rate(config.learning_rate);
        Ok(Self {
            items: inputs.item_table(&config.taste, seed),
            histories: inputs.histories(),
            adam: Adam::new(adam, actor.network.parameters.len()),
            best: Best { actor: actor.clone(), loss: f32::INFINITY, n_rounds_since: 0 },
            config: config.clone(),
            fitted,
            held_out,
            actor,
        })
    }

    fn replay(&self, demonstrations: &[Demonstration<'a>]) -> Vec<LearnerSession<'a>> {
        let acting = self.acting();
        // No negatives are needed: what they would draw from does not matter.
        let one = |&demo: &Demonstration<'a>| {
            replay_demonstration(acting, demo, self.histories[&demo.1.user], &mut rng_for(0, &[]))
        };
        demonstrations.par_iter().map(one).collect()
    }

    fn acting(&self) -> Acting<'_> {
        Acting {
            items: &self.items,
            actor: &self.actor,
            hazard: None,
            learns_in_session: self.config.session_feedback,
            bias: None,
        }
    }

    /// One gradient step on a batch of sessions.
    fn step(&mut self, sessions: &[LearnerSession<'_>], terms: &Terms) -> Result<(), LearningError> {
        let steps = steps_of(sessions, Vec::new());
        let scale = 1.0 / steps.len().max(1) as f32;
        let mut gradients = WeightGradients::default();
        let weights = terms.weights(&steps)?;
        for (step, weight) in sessions.iter().flat_map(|session| &session.steps).zip(weights) {
            let decision = &step.decision;
            let by_weight =
                (0..N_FEATURES).map(|k| scale * weight * (decision.expected[k] - decision.chosen[k]));
            gradients.push(step, by_weight);
        }
        if terms.have(Hook::Loss) {
            gradients.add_losses(self.acting(), sessions, &steps, terms)?;
        }
        let gradient = gradients.backward(&self.actor);
        self.adam.step(&mut self.actor.network.parameters, &gradient);
        Ok(())
    }

    /// Takes in how likely held-out demonstrations are now; those that were fitted, where none is held out.
    fn judge(&mut self) -> f32 {
        let judged = if self.held_out.is_empty() { &self.fitted } else { &self.held_out };
        let loss = negative_log_likelihood(&self.replay(judged));
        if loss < self.best.loss - self.config.least_gain {
            self.best = Best { actor: self.actor.clone(), loss, n_rounds_since: 0 };
        } else {
            self.best.n_rounds_since += 1;
        }
        loss
    }
}

impl Algorithm for Bc<'_> {
    fn needs(&self) -> Needs {
        ENTRY.needs
    }

    fn plan(&self) -> Plan {
        Plan { keeps: Keeps::Last, n_validation_users: self.config.n_validation_users }
    }

    fn share_done(&self, progress: &Progress) -> f64 {
        if self.best.n_rounds_since >= self.config.patience {
            return 1.0;
        }
        progress.n_rounds as f64 / self.config.most_rounds as f64
    }

    fn is_validated(&self, progress: &Progress) -> bool {
        progress.n_rounds.is_multiple_of(self.config.validation_interval)
    }

    fn round(&mut self, round: &mut Round<'_>) -> Result<Metrics, LearningError> {
        let mut order = self.fitted.clone();
        order.shuffle(&mut round.rng(ORDER));
        order.truncate(STEPS_PER_ROUND * self.config.sessions_per_step);
        let (mut total, mut n_steps) = (0.0, 0);
        for batch in order.chunks(self.config.sessions_per_step) {
            let sessions = self.replay(batch);
            let n: usize = sessions.iter().map(|session| session.steps.len()).sum();
            total += n as f32 * negative_log_likelihood(&sessions);
            n_steps += n;
            self.step(&sessions, round.terms)?;
            round.progress.n_gradient_steps += 1;
        }
        let fitted = total / n_steps.max(1) as f32;
        let mut metrics = Metrics::default();
        metrics.put("loss/imitation", fitted);
        metrics.put("loss/held_out", self.judge());
        Ok(metrics)
    }

    fn parameters(&mut self) -> Tensors {
        let mut out = Tensors::default();
        put_mlp(&mut out, "actor", &self.best.actor.network);
        out
    }

    fn policy(&self, mut parameters: Tensors) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        let mut actor = Actor::neutral(&mut rng_for(0, &[]));
        take_mlp(&mut parameters, "actor", &mut actor.network)?;
        Ok(Box::new(RankerPolicy::new(Ranker {
            items: self.items.clone(),
            actor,
            hazard: None,
            selection: Selection::Greedy,
            learns_in_session: self.config.session_feedback,
        })))
    }
}

impl Stateful for Bc<'_> {
    fn save(&self) -> Tensors {
        let mut out = Tensors::default();
        put_mlp(&mut out, "actor", &self.actor.network);
        put_adam(&mut out, "adam", &self.adam);
        put_mlp(&mut out, "best.actor", &self.best.actor.network);
        out.insert("best", &[2], vec![self.best.loss, self.best.n_rounds_since as f32]);
        out
    }

    fn restore(&mut self, mut from: Tensors) -> Result<(), LearningError> {
        take_mlp(&mut from, "actor", &mut self.actor.network)?;
        take_adam(&mut from, "adam", &mut self.adam)?;
        take_mlp(&mut from, "best.actor", &mut self.best.actor.network)?;
        let best = take(&mut from, "best", &[2])?;
        (self.best.loss, self.best.n_rounds_since) = (best[0], best[1] as u64);
        Ok(())
    }
}

/// Users whose demonstrations are held out: a share of them, one at least where there are several.
fn held_out_users(demonstrations: &[Demonstration<'_>], share: f64, seed: u64) -> BTreeSet<UserIdx> {
    let users: BTreeSet<UserIdx> = demonstrations.iter().map(|(_, session)| session.user).collect();
    let mut order: Vec<UserIdx> = users.into_iter().collect();
    order.shuffle(&mut rng_for(seed, &[HELD_OUT]));
    let n = (share * order.len() as f64).ceil() as usize;
    order.truncate(n.min(order.len().saturating_sub(1)));
    order.into_iter().collect()
}

/// Mean over steps, in nats.
fn negative_log_likelihood(sessions: &[LearnerSession<'_>]) -> f32 {
    let steps: Vec<f32> =
        sessions.iter().flat_map(|session| &session.steps).map(|step| -step.decision.log_prob).collect();
    steps.iter().sum::<f32>() / steps.len().max(1) as f32
}

#[cfg(test)]
mod tests;
