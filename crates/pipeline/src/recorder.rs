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
        self.state.n_rounds = progress.n_rounds;
        let (n_rounds, n_env_steps) = (progress.n_rounds, progress.n_env_steps);
        let at = Moment { n_rounds, n_env_steps, wall_seconds: unix_seconds() };
        self.metrics.record(at, &values)?;
        (self.watch)(progress, seconds);
        Ok(())
    }

    fn checkpoint(&mut self, tensors: &dyn Fn() -> Tensors) -> Outcome {
        let state = TrainingState { seconds: self.seconds(), ..self.state.clone() };
        Ok(self.working.keep(&state, &tensors())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resume;
    use telemetry::read_metrics;

    #[test]
    fn an_offline_run_that_was_killed_tells_of_every_round_once() {
        let scratch = tempfile::tempdir().unwrap();
        let out = scratch.path().join("policy");
        let rounds = |rounds: std::ops::RangeInclusive<u64>, kept_at: u64| {
            let working = Working::open(&out, "key", Resume::IfSame).unwrap();
            let mut watch = |_: &Progress, _: f64| ();
            let (mut recorder, _) = Recorder::new(&working, &mut watch).unwrap();
            for n_rounds in rounds {
                let progress = Progress { n_rounds, last_validation: Some(1.0), ..Progress::default() };
                recorder.updated(&progress, &Metrics::default(), true).unwrap();
                if n_rounds == kept_at {
                    recorder.checkpoint(&Tensors::default).unwrap();
                }
            }
            recorder.into_curve().len()
        };
        rounds(1..=3, 2);
        let n_points = rounds(3..=4, 4);
        let told = read_metrics(&Working::place(&out)).unwrap();
        assert_eq!(told.iter().map(|line| line.n_rounds).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(n_points, 4);
    }
}
