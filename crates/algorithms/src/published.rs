//! The published network and loop, in three presets of one learner: `released`, `vectorised` and `paper`.

use crate::registry::{Code, Settings};
use artefact::Tensors;
use catalogue::Catalogue;
use learning::{
    Algorithm, Demonstrations, Hooks, Inputs, Keeps, LearningError, Metrics, Needs, Plan, Progress, Round,
    Run, Schedule, Stateful, Terms, TrainedPolicy, Unserved,
};
use mdp::{Interaction, Policy, PolicySession, SessionContext};
use policy::PublishedPolicy;
use ranking::Ranker;
use std::sync::Arc;
use training::{Observer, Presence, RawTrainingConfig, RunOptions, Trainer, TrainingConfig, TrainingInputs};

/// What errors call it where no preset is known.
const NAME: &str = "the published learner";
/// The learner's word for the catalogue in the texts that its discriminator reads.
const DATASET_WORD: &str = "items";
/// The last word on progress comes a hundred times a run, at least every thousand sessions.
const ROUNDS: u64 = 100;
const LONGEST_ROUND: u64 = 1_000;
/// Validations a run; a checkpoint is written with each.
const VALIDATIONS: u64 = 20;
const N_VALIDATION_USERS: usize = usize::MAX;

/// Reads settings and parameters of all three presets.
pub(crate) const CODE: Code = Code {
    network: "published",
    settings: |name, value| {
        let raw: RawTrainingConfig = crate::registry::read(name, value)?;
        TrainingConfig::try_from(raw.clone()).map_err(failed)?;
        Ok(Box::new(raw))
    },
    open: |tensors, catalogue| {
        let mismatch = |why: String| LearningError::Mismatch { what: "policy", why };
        let policy = PublishedPolicy::from_tensors(tensors).map_err(|error| mismatch(error.to_string()))?;
        match (policy.n_items(), catalogue.len()) {
            (own, others) if own == others => Ok(Box::new(Frozen(policy))),
            (own, others) => Err(mismatch(format!("made for {own} items, the catalogue has {others}"))),
        }
    },
};

/// What the published loop needs: its demonstrations, and its own sessions of all times.
pub(crate) const NEEDS: Needs =
    Needs { schedule: Schedule::OffPolicy, demonstrations: Demonstrations::Needed, asks: Hooks::NONE };

impl Settings for RawTrainingConfig {
    fn value(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("settings are plain data")
    }

    fn start<'a>(&self, inputs: &'a Inputs<'a>, seed: u64) -> Result<Run<'a>, LearningError> {
        inputs.check()?;
        if self.demonstrations.presence == Presence::Required {
            inputs.check_demonstrations()?;
        }
        let config = TrainingConfig::try_from(self.clone()).map_err(failed)?;
        let trainer = Trainer::new(config.clone(), trainer_inputs(inputs), seed).map_err(failed)?;
        let algorithm = Published { inputs, config, seed, trainer, report: Report::default() };
        Ok(Run { name: NAME, algorithm: Box::new(algorithm), terms: Terms::default() })
    }
}

fn trainer_inputs<'a>(inputs: &'a Inputs<'a>) -> TrainingInputs<'a> {
    let n_users = inputs.environment.n_users();
    let mut histories: Vec<&[Interaction]> = vec![&[]; n_users];
    for &(user, history) in inputs.train.iter().filter(|(user, _)| user.index() < n_users) {
        histories[user.index()] = history;
    }
    TrainingInputs {
        environment: inputs.environment,
        catalogue: inputs.catalogue,
        dataset: DATASET_WORD,
        users: inputs.train.iter().map(|(user, _)| *user).collect(),
        histories: histories.into(),
        demonstrations: inputs.usable().map(|(_, demo)| demo.session.clone()).collect(),
        validation_users: Arc::new([]),
    }
}

/// A run in progress. A round is a hundredth of it.
struct Published<'a> {
    inputs: &'a Inputs<'a>,
    config: TrainingConfig,
    seed: u64,
    trainer: Trainer<'a>,
    report: Report,
}

impl Published<'_> {
    fn n_planned(&self) -> u64 {
        self.config.raw().rollout.n_episodes
    }

    fn round_length(&self) -> u64 {
        let together = self.config.raw().rollout.sessions_together as u64;
        (self.n_planned() / ROUNDS).clamp(1, LONGEST_ROUND).max(together)
    }
}

impl Algorithm for Published<'_> {
    fn needs(&self) -> Needs {
        let are_needed = self.config.raw().demonstrations.presence == Presence::Required;
        Needs { demonstrations: Demonstrations::needed(are_needed), ..NEEDS }
    }

    /// The published loop keeps what it ends with.
    fn plan(&self) -> Plan {
        Plan { keeps: Keeps::Last, n_validation_users: N_VALIDATION_USERS }
    }

    fn share_done(&self, _: &Progress) -> f64 {
        self.trainer.n_episodes() as f64 / self.n_planned().max(1) as f64
    }

    fn is_validated(&self, progress: &Progress) -> bool {
        let n_rounds = self.n_planned().div_ceil(self.round_length());
        progress.n_rounds.is_multiple_of((n_rounds / VALIDATIONS).max(1))
    }

    fn round(&mut self, round: &mut Round<'_>) -> Result<Metrics, LearningError> {
        // A discriminator that did not move says nothing.
        self.report.metrics = Metrics::default();
        let length = self.round_length();
        let before = (self.trainer.n_episodes(), self.trainer.n_updates());
        let until = (before.0 / length + 1) * length;
        let options = RunOptions {
            report_interval: length,
            validation_interval: 0,
            checkpoint_interval: 0,
            checkpoint_path: None,
        };
        self.trainer.run_until(until, &options, &mut self.report).map_err(failed)?;
        let Report { metrics, n_env_steps } = &self.report;
        let progress = &mut *round.progress;
        progress.n_episodes = self.trainer.n_episodes();
        progress.n_env_steps = *n_env_steps;
        // One step of the actor and one of the critic per update.
        progress.n_gradient_steps += 2 * (self.trainer.n_updates() - before.1);
        progress.mean_return = metrics.get("train/r_traj").unwrap_or(0.0) as f32;
        progress.mean_length = metrics.get("train/len").unwrap_or(0.0) as f32;
        Ok(metrics.clone())
    }

    fn parameters(&mut self) -> Tensors {
        self.trainer.policy("il-rec").to_tensors()
    }

    fn policy(&self, parameters: Tensors) -> Result<Box<dyn TrainedPolicy>, LearningError> {
        (CODE.open)(parameters, self.inputs.catalogue)
    }
}

impl Stateful for Published<'_> {
    fn save(&self) -> Tensors {
        self.trainer.checkpoint()
    }

    fn restore(&mut self, from: Tensors) -> Result<(), LearningError> {
        let inputs = trainer_inputs(self.inputs);
        let resumed = Trainer::resume(self.config.clone(), inputs, self.seed, from);
        let why = |error: training::TrainingError| LearningError::Mismatch {
            what: "checkpoint",
            why: error.to_string(),
        };
        self.trainer = resumed.map_err(why)?;
        Ok(())
    }
}

/// The loop's own words as metrics.
#[derive(Debug, Default)]
struct Report {
    metrics: Metrics,
    n_env_steps: u64,
}

impl Observer for Report {
    fn progress(&mut self, progress: &training::Progress) {
        self.n_env_steps = progress.n_env_steps;
        let mut put = |name: &str, value: f64| self.metrics.put(name, value);
        put("train/r_traj", progress.train_return);
        put("train/len", progress.train_length);
        put("train/entropy", progress.entropy);
        put("loss/actor", progress.actor_loss);
        put("loss/critic", progress.critic_loss);
        put("loss/imitation", progress.imitation_loss);
        put("train/demo_share", progress.demo_share);
        if let Some(loss) = progress.discriminator_loss {
            put("loss/discriminator", loss);
        }
    }
}

/// The network without its optimisers.
#[derive(Clone, Debug)]
struct Frozen(PublishedPolicy);

impl Policy for Frozen {
    fn name(&self) -> String {
        self.0.name()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        self.0.start(context)
    }
}

impl TrainedPolicy for Frozen {
    fn to_tensors(&self, _: &Catalogue) -> Tensors {
        self.0.to_tensors()
    }

    fn ranker(&self) -> Result<&Ranker, Unserved> {
        Err(Unserved(
            "the published network keeps a row for every user it was trained on and knows nothing about others, so it \
             cannot be served; it can be judged with `ilrec eval`",
        ))
    }
}

fn failed(error: training::TrainingError) -> LearningError {
    use training::TrainingError as E;
    match error {
        E::Setting { name, expected } => {
            LearningError::Settings { algorithm: NAME, why: format!("{name} must be {expected}") }
        }
        E::Environment(error) => error.into(),
        other => LearningError::Algorithm { algorithm: NAME, source: Box::new(other) },
    }
}
