//! What a training run leaves behind while it goes on: checkpoint, metrics, learning curve.

use crate::PipelineError;
use crate::training::Watch;
use crate::working::{TrainingState, Working, unix_seconds};
use artefact::Tensors;
use learning::{Metrics, Observer, Progress};
use report::CurvePoint;
use std::time::Instant;
use telemetry::{MetricsWriter, Moment};

/// Keeps checkpoint, metrics and learning curve of a run in its working directory.
pub(crate) struct Recorder<'a> {
    working: &'a Working,
    watch: &'a mut Watch<'a>,
    metrics: MetricsWriter,
    state: TrainingState,
    started: Instant,
}

impl<'a> Recorder<'a> {
    /// Goes on from what the working directory keeps; the tensors are what the learner resumes from.
    ///
    /// # Errors
    /// When the checkpoint is damaged or the metrics cannot be written.
    pub(crate) fn new(
        working: &'a Working,
        watch: &'a mut Watch<'a>,
    ) -> Result<(Self, Option<Tensors>), PipelineError> {
        let (state, checkpoint) = working.kept()?.unzip();
        let metrics = working.metrics(state.as_ref())?;
        let state = state.unwrap_or_default();
        Ok((Self { working, watch, metrics, state, started: Instant::now() }, checkpoint))
    }

    /// The time the run has taken, over all interruptions.
    pub(crate) fn seconds(&self) -> f64 {
        self.state.seconds + self.started.elapsed().as_secs_f64()
    }

    /// The validations so far.
    pub(crate) fn into_curve(self) -> Vec<CurvePoint> {
        self.state.validation
    }
}

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

impl Observer for Recorder<'_> {
    fn updated(&mut self, progress: &Progress, metrics: &Metrics, validated: bool) -> Outcome {
        let seconds = self.seconds();
        let mut values = Vec::new();
        if progress.n_episodes > 0 {
            values.push(("train/r_traj", f64::from(progress.mean_return)));
            values.push(("train/len", f64::from(progress.mean_length)));
            let rate = progress.n_env_steps as f64 / seconds.max(1e-9);
            values.push(("throughput/env_steps_per_second", rate));
        }
        values.extend(metrics.iter());
        if let Some(r_traj) = progress.last_validation.filter(|_| validated).map(f64::from) {
            values.push(("validation/r_traj", r_traj));
            self.state.validation.push(CurvePoint { n_env_steps: progress.n_env_steps, r_traj });
        }
        self.state.n_env_steps = progress.n_env_steps;
        let at = Moment { n_env_steps: progress.n_env_steps, wall_seconds: unix_seconds() };
        self.metrics.record(at, &values)?;
        (self.watch)(progress, seconds);
        Ok(())
    }

    fn checkpoint(&mut self, tensors: &dyn Fn() -> Tensors) -> Outcome {
        let state = TrainingState { seconds: self.seconds(), ..self.state.clone() };
        Ok(self.working.keep(&state, &tensors())?)
    }
}
