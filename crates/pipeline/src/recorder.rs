//! What a training run leaves behind while it goes on: checkpoint, metrics, learning curve.

use crate::PipelineError;
use crate::run::Watcher;
use artefact::Tensors;
use report::CurvePoint;
use robust::{Observer, Progress, RobustConfig, UpdateReport};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use telemetry::{MetricsWriter, Moment};

pub(crate) const CHECKPOINT: &str = "checkpoint.safetensors";
const KEY: &str = "key";

/// Keeps checkpoint, metrics and learning curve of a run in its working folder.
pub(crate) struct Recorder<'a> {
    part: PathBuf,
    name: &'a str,
    n_env_steps: u64,
    watcher: &'a mut dyn Watcher,
    metrics: MetricsWriter,
    pub(crate) curve: Vec<CurvePoint>,
    pub(crate) resume: Option<Tensors>,
    clock: std::time::Instant,
    seconds_before: f64,
}

/// What a checkpoint knows beside the learner's state.
#[derive(Serialize, Deserialize)]
struct Kept {
    curve: Vec<CurvePoint>,
    seconds: f64,
    n_env_steps: u64,
}

impl<'a> Recorder<'a> {
    /// Opens the working folder; a checkpoint of other settings in it is dropped.
    pub(crate) fn new(
        part: &Path,
        key: &str,
        (name, config): (&'a str, &RobustConfig),
        watcher: &'a mut dyn Watcher,
    ) -> Result<Self, PipelineError> {
        let is_same = std::fs::read_to_string(part.join(KEY)).is_ok_and(|kept| kept == key);
        if !is_same && part.exists() {
            let write = |source| PipelineError::Write { path: part.to_owned(), source };
            std::fs::remove_dir_all(part).map_err(write)?;
        }
        artefact::replace_file(&part.join(KEY), key.as_bytes())?;
        let resume = std::fs::read(part.join(CHECKPOINT)).ok().and_then(|b| Tensors::from_bytes(&b).ok());
        let kept: Option<Kept> =
            std::fs::read(part.join("kept.json")).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let (resume, kept) = resume.zip(kept).map_or((None, None), |(r, k)| (Some(r), Some(k)));
        let metrics = match &kept {
            Some(kept) => MetricsWriter::resume(part, kept.n_env_steps, wall_seconds()),
            None => MetricsWriter::create(part, wall_seconds()),
        };
        let kept = kept.unwrap_or(Kept { curve: Vec::new(), seconds: 0.0, n_env_steps: 0 });
        Ok(Self {
            part: part.to_owned(),
            name,
            n_env_steps: config.training.n_env_steps,
            watcher,
            metrics: metrics.map_err(|e| robust::RobustError::Observer(e.into()))?,
            curve: kept.curve,
            resume,
            clock: std::time::Instant::now(),
            seconds_before: kept.seconds,
        })
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.seconds_before + self.clock.elapsed().as_secs_f64()
    }
}

fn wall_seconds() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

type Refusal = Box<dyn std::error::Error + Send + Sync>;

impl Observer for Recorder<'_> {
    fn updated(
        &mut self,
        progress: &Progress,
        report: &UpdateReport,
        validated: bool,
    ) -> Result<(), Refusal> {
        let mut values = vec![
            ("rollout/len", f64::from(progress.mean_length)),
            ("rollout/r_traj", f64::from(progress.mean_return)),
            ("policy/entropy", f64::from(report.entropy)),
            ("loss/critic", f64::from(report.critic_loss)),
            ("loss/hazard", f64::from(report.hazard_loss)),
            ("loss/discriminator", f64::from(report.guidance_loss)),
            ("loss/imitation", f64::from(report.imitation_loss)),
        ];
        if let Some(r_traj) = progress.last_validation.filter(|_| validated) {
            values.push(("validation/r_traj", f64::from(r_traj)));
            self.curve.push(CurvePoint { n_env_steps: progress.n_env_steps, r_traj: f64::from(r_traj) });
        }
        let moment = Moment { n_env_steps: progress.n_env_steps, wall_seconds: wall_seconds() };
        self.metrics.record(moment, &values)?;
        let seconds = self.seconds();
        self.watcher.trained(self.name, progress, self.n_env_steps, seconds);
        Ok(())
    }

    fn checkpoint(&mut self, state: &dyn Fn() -> Tensors) -> Result<(), Refusal> {
        let n_env_steps = self.curve.last().map_or(0, |point| point.n_env_steps);
        let kept = Kept { curve: self.curve.clone(), seconds: self.seconds(), n_env_steps };
        artefact::replace_file(&self.part.join("kept.json"), &serde_json::to_vec(&kept)?)?;
        artefact::replace_file(&self.part.join(CHECKPOINT), &state().to_bytes())?;
        Ok(())
    }
}
