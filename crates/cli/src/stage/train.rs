//! Stage `train` with the default learner: progress, metrics, checkpoints.

use super::domain::Domain;
use super::policy::{Account, Family, Trained, Validation};
use super::working::{Working, key};
use crate::failure::Failure;
use crate::progress::Progress as Bar;
use artefact::Tensors;
use environment::Environment;
use mdp::Trajectory;
use robust::{Inputs, Observer, Progress, RobustConfig, UpdateReport};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use telemetry::{MetricsWriter, Moment};

/// What to train with and where it goes.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) domain: &'a Domain,
    pub(crate) environment: &'a Environment,
    pub(crate) demonstrations: &'a [Trajectory],
    /// The hash of the demonstrations, empty where there are none.
    pub(crate) demos_hash: String,
    pub(crate) name: &'a str,
    pub(crate) preset: &'a str,
    pub(crate) seed: u64,
    pub(crate) out: &'a Path,
    /// Whether to go on from the checkpoint of an interrupted run.
    pub(crate) resume: bool,
}

/// What a checkpoint says about the run before it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) n_env_steps: u64,
    pub(crate) seconds: f64,
    pub(crate) validation: Vec<Validation>,
}

impl Job<'_> {
    /// The hashes a policy carries.
    pub(crate) fn inputs(&self) -> BTreeMap<&'static str, String> {
        let mut inputs = BTreeMap::from([
            ("catalogue", self.domain.dataset.catalogue.hash()),
            ("dataset", self.domain.dataset_hash.clone()),
            ("world", self.domain.world_hash.clone()),
        ]);
        if !self.demos_hash.is_empty() {
            inputs.insert("demos", self.demos_hash.clone());
        }
        inputs
    }

    /// Opens the working directory for these settings.
    pub(crate) fn working(&self, config: &impl Serialize) -> Result<Working, Failure> {
        let environment = format!("{:?}", self.environment);
        let key = key(&(self.inputs(), self.preset, config, self.seed, environment));
        Working::open(self.out, &key, self.resume)
    }

    /// Seals the policy's directory and removes the working directory.
    pub(crate) fn finish(
        &self,
        trained: Trained,
        config: &impl Serialize,
        working: Working,
    ) -> Result<Trained, Failure> {
        let config = serde_json::to_value(config).expect("settings are plain data");
        trained.save(&self.inputs(), config, &working.files()?, self.out)?;
        working.remove()?;
        Ok(trained)
    }
}

/// Trains and writes the policy's directory.
pub(crate) fn train(job: &Job<'_>, config: &RobustConfig) -> Result<Trained, Failure> {
    let working = job.working(config)?;
    let (state, checkpoint) = working.kept()?.unzip();
    let mut recorder = Recorder::new(job, config, &working, state)?;
    let split = job.domain.world.split();
    let train_users = job.domain.with_histories(&split.train);
    let validation_users = job.domain.with_histories(&split.validation);
    let inputs = Inputs {
        catalogue: &job.domain.dataset.catalogue,
        environment: job.environment,
        train: &train_users,
        validation: &validation_users,
        demonstrations: job.demonstrations,
    };
    let trained = robust::train(&inputs, config, job.seed, checkpoint, &mut recorder)?;
    let tensors = trained.policy.to_tensors(&job.domain.dataset.catalogue);
    let (progress, seconds) = (&trained.progress, recorder.seconds());
    let account = Account {
        episodes: progress.n_episodes,
        env_steps: progress.n_env_steps,
        gradient_steps: progress.n_gradient_steps,
        seconds,
        env_steps_per_second: progress.n_env_steps as f64 / seconds.max(1e-9),
        gradient_steps_per_second: progress.n_gradient_steps as f64 / seconds.max(1e-9),
        parameter_hash: tensors.hash(),
        name: job.name.to_owned(),
        preset: job.preset.to_owned(),
        family: Family::Robust,
        seed: job.seed,
        validation: std::mem::take(&mut recorder.state.validation),
    };
    drop(recorder);
    let trained = Trained { policy: Box::new(trained.policy), tensors, account };
    job.finish(trained, config, working)
}

/// Watches a run: bar, metrics, checkpoints.
struct Recorder<'a> {
    bar: Bar,
    metrics: MetricsWriter,
    working: &'a Working,
    state: State,
    started: Instant,
}

impl<'a> Recorder<'a> {
    fn new(
        job: &Job<'_>,
        config: &RobustConfig,
        working: &'a Working,
        state: Option<State>,
    ) -> Result<Self, Failure> {
        let metrics = open_metrics(working, state.as_ref())?;
        let bar = Bar::new(&format!("train {}", job.name), config.training.n_env_steps);
        Ok(Self { bar, metrics, working, state: state.unwrap_or_default(), started: Instant::now() })
    }

    fn seconds(&self) -> f64 {
        self.state.seconds + self.started.elapsed().as_secs_f64()
    }
}

/// Starts the metrics of a run, or goes on with those up to the checkpoint.
pub(crate) fn open_metrics(working: &Working, state: Option<&State>) -> Result<MetricsWriter, Failure> {
    let metrics = match state {
        Some(state) => MetricsWriter::resume(&working.path, state.n_env_steps, unix_seconds()),
        None => MetricsWriter::create(&working.path, unix_seconds()),
    };
    metrics.map_err(|e| Failure::machine(e.to_string()))
}

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

impl Observer for Recorder<'_> {
    fn updated(&mut self, progress: &Progress, report: &UpdateReport, validated: bool) -> Outcome {
        let rate = progress.n_env_steps as f64 / self.seconds().max(1e-9);
        let best = progress.best_validation.map(|best| format!(", validation {best:.1}")).unwrap_or_default();
        let note = format!("{rate:.0} steps/s, return {:.1}{best}", progress.mean_return);
        self.bar.at(progress.n_env_steps, &note);
        let mut values = vec![
            ("train/r_traj", f64::from(progress.mean_return)),
            ("train/len", f64::from(progress.mean_length)),
            ("train/entropy", f64::from(report.entropy)),
            ("loss/critic", f64::from(report.critic_loss)),
            ("loss/hazard", f64::from(report.hazard_loss)),
            ("loss/guidance", f64::from(report.guidance_loss)),
            ("loss/imitation", f64::from(report.imitation_loss)),
            ("throughput/env_steps_per_second", rate),
        ];
        if let Some(r_traj) = progress.last_validation.filter(|_| validated).map(f64::from) {
            values.push(("validation/r_traj", r_traj));
            self.state.validation.push(Validation { n_env_steps: progress.n_env_steps, r_traj });
        }
        self.state.n_env_steps = progress.n_env_steps;
        let at = Moment { n_env_steps: progress.n_env_steps, wall_seconds: unix_seconds() };
        Ok(self.metrics.record(at, &values)?)
    }

    fn checkpoint(&mut self, tensors: &dyn Fn() -> Tensors) -> Outcome {
        let state = State { seconds: self.seconds(), ..self.state.clone() };
        Ok(self.working.keep(&state, &tensors())?)
    }
}

/// The clock, for metrics only.
pub(crate) fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
