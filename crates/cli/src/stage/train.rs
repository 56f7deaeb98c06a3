//! Stage `train` with the default learner: progress, metrics, checkpoints.

use super::domain::Domain;
use super::policy::{Account, Family, Trained};
use crate::failure::Failure;
use crate::progress::Progress as Bar;
use artefact::Claim;
use environment::Environment;
use mdp::Trajectory;
use pipeline::{Found, Recorder, Resume, Working};
use robust::{Inputs, Progress, RobustConfig, WEIGHED_FILE, Weighed, weighed};
use serde::Serialize;
use std::collections::BTreeMap;

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
    pub(crate) claim: &'a Claim,
    /// Whether to go on from the checkpoint of an interrupted run.
    pub(crate) resume: bool,
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
        let out = self.claim.path();
        let place = Working::place(out);
        match (self.resume, Working::found(out, &key)) {
            (true, Found::Nothing) => {
                tracing::warn!("no checkpoint to go on from, training starts at 0: {}", place.display());
            }
            (false, Found::Same) => tracing::warn!(
                "training starts at 0, without the checkpoint of the same settings (--resume goes on from it): {}",
                place.display()
            ),
            _ => {}
        }
        let resume = if self.resume { Resume::Demanded } else { Resume::Never };
        let working = Working::open(out, &key, resume)?;
        let beside = crate::shell::path(&place);
        tracing::info!("metrics until it is done: {beside} (tensorboard --logdir {beside})");
        Ok(working)
    }

    /// Seals the policy's directory, with what is told of its demonstrations, and removes the working directory.
    pub(crate) fn finish(
        &self,
        trained: Trained,
        config: &impl Serialize,
        working: Working,
        weighed: &[Weighed],
    ) -> Result<Trained, Failure> {
        let config = serde_json::to_value(config).expect("settings are plain data");
        let weighed = serde_json::to_vec(weighed).ok().filter(|_| !weighed.is_empty());
        let extra = weighed.map(|bytes| (WEIGHED_FILE, bytes));
        trained.save(&self.inputs(), config, (extra, &working.files()?), self.claim)?;
        working.remove()?;
        Ok(trained)
    }
}

/// Trains and writes the policy's directory.
pub(crate) fn train(job: &Job<'_>, config: &RobustConfig) -> Result<Trained, Failure> {
    let working = job.working(config)?;
    let bar = Bar::new(&format!("train {}", job.name));
    let mut watch = |progress: &Progress, seconds| {
        bar.at(progress.n_env_steps, config.training.n_env_steps, &note(progress, seconds));
    };
    let (mut recorder, checkpoint) = Recorder::new(&working, &mut watch)?;
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
    let weighed = weighed(job.demonstrations, &trained);
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
        validation: recorder.into_curve(),
    };
    let trained = Trained { policy: Box::new(trained.policy), tensors, account };
    job.finish(trained, config, working, &weighed)
}

/// What there is to say of a run that goes on.
pub(crate) fn note(progress: &Progress, seconds: f64) -> String {
    if progress.n_env_steps == 0 {
        return format!("warm start, {} updates so far, no session yet", progress.n_iterations);
    }
    let rate = progress.n_env_steps as f64 / seconds.max(1e-9);
    let validated = match (progress.last_validation, progress.best_validation) {
        (Some(now), Some(best)) => validation(now.into(), best.into()),
        _ => String::new(),
    };
    format!("{rate:.0} steps/s, return {:.1}{validated}", progress.mean_return)
}

/// The present validation and the best so far: the best alone would look as if nothing more was learned.
pub(crate) fn validation(now: f64, best: f64) -> String {
    format!(", validation {now:.1} (best {best:.1})")
}

/// The hash of plain data.
fn key(value: &impl Serialize) -> String {
    let text = serde_json::to_vec(value).expect("keys are made of plain data");
    blake3::hash(&text).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_names_the_present_validation_and_the_best() {
        let start = Progress { n_iterations: 12, ..Progress::default() };
        assert_eq!(note(&start, 2.0), "warm start, 12 updates so far, no session yet");
        let mut progress = Progress { n_env_steps: 1000, mean_return: 3.25, ..Progress::default() };
        assert_eq!(note(&progress, 2.0), "500 steps/s, return 3.2");
        (progress.last_validation, progress.best_validation) = (Some(3.0), Some(4.0));
        assert_eq!(note(&progress, 2.0), "500 steps/s, return 3.2, validation 3.0 (best 4.0)");
    }
}
