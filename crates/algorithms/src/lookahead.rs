//! One step of lookahead with what sessions teach: what items earn, and when users leave.

mod config;
mod knowledge;
mod model;
mod policy;

use crate::evidence::{Evidence, N_DRAWS};
use crate::item_item::HeldOut;
use crate::registry::{Code, Entry, Kind, Settings};
use crate::tensors::take;
use artefact::Tensors;
use collaborative::EaseConfig;
use config::Config;
use environment::{Start, rollout};
use knowledge::Knowledge;
use learning::{
    Algorithm, Demonstrations, Hooks, Inputs, Keeps, LearningError, Metrics, Needs, Plan, Progress, Round,
    Run, Schedule, Stateful, Terms, TrainedPolicy,
};
use mdp::{ExitReason, ItemIdx, ItemSet, Step, StepEnd, Trajectory, UserIdx};
use model::Model;
use policy::{Exploring, Lookahead};
use rand::RngExt as _;
use std::sync::Arc;

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "lookahead",
    kind: Kind::Algorithm,
    about: "one step of lookahead: expected reward against what leaving would lose, both learned from its own sessions",
    source: "ours",
    faithful: true,
    needs: Needs { schedule: Schedule::OnPolicy, demonstrations: Demonstrations::Welcome, asks: Hooks::NONE },
    preset: include_str!("lookahead/preset.toml"),
    fixed: "",
    small: include_str!("lookahead/small.toml"),
    readme: include_str!("lookahead/README.md"),
    code: &Code {
        network: NETWORK,
        settings: |name, value| {
            let config: Config = crate::registry::read(name, value)?;
            config.check()?;
            Ok(Box::new(config))
        },
        open: Lookahead::open,
    },
};

/// The word in a policy's directory.
const NETWORK: &str = "lookahead";

/// Random streams of a run.
const FIT: u64 = 1;
const USERS: u64 = 2;
/// Streams of sessions that compare worths, apart from those that are learned from.
const COMPARED: u64 = 1 << 40;

impl Settings for Config {
    fn value(&self) -> serde_json::Value {
        crate::item_item::value(self)
    }

    fn start<'a>(&self, inputs: &'a Inputs<'a>, seed: u64) -> Result<Run<'a>, LearningError> {
        let algorithm = Box::new(Learner::new(inputs, self, seed)?);
        Ok(Run { name: ENTRY.name, algorithm, terms: Terms::default() })
    }
}

/// A run in progress. A round is some sessions, what is learned from them and all before, and a comparison of worths.
struct Learner<'a> {
    inputs: &'a Inputs<'a>,
    config: Config,
    policy: Lookahead,
    /// How many users a demonstrated record counts.
    demonstrated: f32,
    /// Items that the train world knows nothing of, for nobody chose them in the log: its sessions do not show them.
    unlogged: ItemSet,
    /// The sessions so far, each with its user's place among those who train.
    seen: Vec<(usize, Trajectory)>,
}

impl<'a> Learner<'a> {
    fn new(inputs: &'a Inputs<'a>, config: &Config, seed: u64) -> Result<Self, LearningError> {
        config.check()?;
        inputs.check()?;
        let Config { l2, n_neighbours, n_fitted, demonstrated, switches, .. } = config;
        let fit = EaseConfig { l2: l2[0], n_neighbours: *n_neighbours, n_fitted: *n_fitted };
        let evidence = Evidence::of(inputs, switches.demonstrations);
        let known = evidence.search(demonstrated, l2, &fit, &HeldOut::drawn(inputs, N_DRAWS, seed))?;
        let demonstrated = known.weight as f32;
        let known = Arc::new(Knowledge::of(known, inputs.train, inputs.catalogue));
        let model = Model::new(known.n_categories());
        let policy = Lookahead { known, model, staying: 0.0, low_cost: 0.0 };
        let unlogged = evidence.unlogged();
        Ok(Self { inputs, config: config.clone(), policy, demonstrated, unlogged, seen: Vec::new() })
    }

    /// Sessions of training users drawn at random.
    fn sessions(&self, round: &Round<'_>) -> Result<Vec<(usize, Trajectory)>, LearningError> {
        let Config { sessions_per_round, temperature, .. } = self.config;
        let (train, rng) = (self.inputs.train, &mut round.rng(USERS));
        let first = round.progress.n_rounds * sessions_per_round as u64;
        let drawn: Vec<usize> = (0..sessions_per_round).map(|_| rng.random_range(0..train.len())).collect();
        let start = |(stream, &place): (u64, &usize)| {
            let (user, history) = train[place];
            Start { user, history, stream }
        };
        let starts: Vec<Start<'_>> = (first..).zip(&drawn).map(start).collect();
        let acting = Exploring { policy: &self.policy, temperature, hidden: &self.unlogged };
        let sessions = rollout(self.inputs.environment, &acting, &starts, round.session_seed())?;
        Ok(drawn.into_iter().zip(sessions).collect())
    }

    /// Takes the worths of staying and of low rewards that earn most with validation users.
    fn compare_worths(&mut self, round: &Round<'_>) -> Result<f32, LearningError> {
        let users = self.inputs.validation.iter().take(self.config.training.n_validation_users);
        let stream = COMPARED + round.progress.n_rounds;
        let starts: Vec<Start<'_>> = users.map(|&(user, history)| Start { user, history, stream }).collect();
        let mut best: Option<(f32, Lookahead)> = None;
        for &staying in &self.config.staying {
            for &low_cost in &self.config.low_costs {
                let policy = Lookahead { staying, low_cost, ..self.policy.clone() };
                let acting = Exploring { policy: &policy, temperature: 0.0, hidden: &self.unlogged };
                let sessions = rollout(self.inputs.environment, &acting, &starts, round.session_seed())?;
                let earned = mean_return(&sessions);
                if best.as_ref().is_none_or(|(most, _)| earned > *most) {
                    best = Some((earned, policy));
                }
            }
        }
        let (earned, policy) = best.expect("settings list something to try");
        self.policy = policy;
        Ok(earned)
    }
}

/// Mean over sessions of the sum of rewards.
fn mean_return(sessions: &[Trajectory]) -> f32 {
    let total: f32 = sessions.iter().flat_map(|session| &session.steps).map(|step| step.reward).sum();
    total / sessions.len().max(1) as f32
}

impl Algorithm for Learner<'_> {
    fn needs(&self) -> Needs {
        match self.config.switches.demonstrations {
            true => ENTRY.needs,
            false => Needs { demonstrations: Demonstrations::Ignored, ..ENTRY.needs },
        }
    }

    fn plan(&self) -> Plan {
        Plan { keeps: Keeps::Best, n_validation_users: self.config.training.n_validation_users }
    }

    fn share_done(&self, progress: &Progress) -> f64 {
        progress.n_env_steps as f64 / self.config.training.n_env_steps as f64
    }

    fn is_validated(&self, _: &Progress) -> bool {
        true
    }

    fn round(&mut self, round: &mut Round<'_>) -> Result<Metrics, LearningError> {
        let sessions = self.sessions(round)?;
        let n_steps: usize = sessions.iter().map(|(_, session)| session.steps.len()).sum();
        let steps = sessions.iter().flat_map(|(_, session)| &session.steps);
        let total: f32 = steps.map(|step| step.reward).sum();
        let share = 1.0 / sessions.len().max(1) as f32;
        (round.progress.mean_length, round.progress.mean_return) = (share * n_steps as f32, share * total);
        round.progress.n_env_steps += n_steps as u64;
        round.progress.n_episodes += sessions.len() as u64;
        self.seen.extend(sessions);
        let examples = model::examples(&self.seen, self.inputs.train, &self.policy.known);
        self.policy.model = Model::new(self.policy.known.n_categories());
        let mut rng = round.rng(FIT);
        round.progress.n_gradient_steps += self.policy.model.fit(&examples, &self.config, &mut rng);
        let earned = self.compare_worths(round)?;
        let mut metrics = Metrics::default();
        metrics.put("demonstrated/weight", self.demonstrated);
        metrics.put("worth/staying", self.policy.staying);
        metrics.put("worth/low_cost", self.policy.low_cost);
        metrics.put("return/compared", earned);
        Ok(metrics)
    }

    fn parameters(&mut self) -> Tensors {
        self.policy.tensors()
    }

    fn policy(&self, parameters: Tensors) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        Ok(Box::new(Lookahead::read(parameters, self.inputs.catalogue)?))
    }
}

impl Stateful for Learner<'_> {
    fn save(&self) -> Tensors {
        let mut out = Tensors::default();
        self.policy.put_learned(&mut out);
        let session = |(place, session): &(usize, Trajectory)| [*place as f32, session.steps.len() as f32];
        out.insert("sessions", &[self.seen.len(), 2], self.seen.iter().flat_map(session).collect());
        let steps = self.seen.iter().flat_map(|(_, session)| &session.steps);
        let step = |step: &Step| [step.item.0 as f32, step.reward, f32::from(u8::from(has_left(step)))];
        let steps: Vec<f32> = steps.flat_map(step).collect();
        out.insert("steps", &[steps.len() / STEP, STEP], steps);
        out
    }

    fn restore(&mut self, mut from: Tensors) -> Result<(), LearningError> {
        // What is known follows from the inputs.
        self.policy = Lookahead::of_model(&mut from, self.policy.known.clone())?;
        let n_rows = |name: &str| from.get(name).map_or(0, |(shape, _)| shape.first().copied().unwrap_or(0));
        let (n_sessions, n_steps) = (n_rows("sessions"), n_rows("steps"));
        let sessions = take(&mut from, "sessions", &[n_sessions, 2])?;
        let steps = take(&mut from, "steps", &[n_steps, STEP])?;
        let step = |row: &[f32]| Step {
            item: ItemIdx(row[0] as u32),
            reward: row[1],
            log_prob_behavior: 0.0,
            // Why somebody left is not learned from.
            end: if row[2] > 0.5 { StepEnd::Terminated(ExitReason::LowReward) } else { StepEnd::Continues },
        };
        let mut steps = steps.chunks_exact(STEP).map(step);
        let session = |row: &[f32]| {
            let steps: Vec<Step> = steps.by_ref().take(row[1] as usize).collect();
            (row[0] as usize, Trajectory { user: UserIdx(0), steps })
        };
        self.seen = sessions.chunks_exact(2).map(session).collect();
        let (n_users, n_items) = (self.inputs.train.len(), self.inputs.catalogue.len());
        let is_known = |(place, session): &(usize, Trajectory)| {
            *place < n_users && session.steps.iter().all(|step| step.item.index() < n_items)
        };
        if self.seen.iter().all(is_known) {
            return Ok(());
        }
        Err(LearningError::Mismatch {
            what: "checkpoint",
            why: "sessions of nobody, or of no item".to_owned(),
        })
    }
}

/// Numbers of a step in a checkpoint.
const STEP: usize = 3;

/// Whether the user left at a step, for whatever reason.
fn has_left(step: &Step) -> bool {
    matches!(step.end, StepEnd::Terminated(_))
}

#[cfg(test)]
mod tests;
