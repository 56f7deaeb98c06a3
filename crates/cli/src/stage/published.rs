//! Stage `train` with the published learner: the presets `released`, `vectorised` and `paper`.

use super::policy::{Account, Family, Trained};
use super::train::Job;
use crate::failure::Failure;
use crate::progress::Progress as Bar;
use pipeline::{TrainingState, Working, unix_seconds};
use report::CurvePoint;
use std::time::Instant;
use telemetry::{MetricsWriter, Moment};
use training::{Observer, Progress, RawTrainingConfig, RunOptions, Trainer, TrainingConfig, TrainingInputs};

/// Episodes between two checkpoints at most; a short run has twenty.
const BETWEEN_CHECKPOINTS: u64 = 2_000;

/// The learner's words for the catalogue in the texts that its discriminator reads.
const DATASET_WORD: &str = "items";

/// Trains and writes the policy's directory.
pub(crate) fn train(job: &Job<'_>, raw: &RawTrainingConfig) -> Result<Trained, Failure> {
    let config = TrainingConfig::try_from(raw.clone())?;
    let working = job.working(raw)?;
    let split = job.domain.world.split();
    let inputs = TrainingInputs {
        environment: job.environment,
        catalogue: &job.domain.dataset.catalogue,
        dataset: DATASET_WORD,
        users: &split.train,
        histories: &job.domain.log.world,
        demonstrations: job.demonstrations,
        validation_users: &split.validation,
    };
    let (state, checkpoint) = working.kept()?.unzip();
    let mut trainer = match checkpoint {
        None => Trainer::new(config, inputs, job.seed)?,
        Some(tensors) => Trainer::resume(config, inputs, job.seed, tensors)?,
    };
    let n_episodes = raw.rollout.n_episodes;
    let mut watch = Watch {
        bar: Bar::new(&format!("train {}", job.name)),
        n_episodes,
        metrics: working.metrics(state.as_ref())?,
        state: state.unwrap_or_default(),
        problem: None,
    };
    run(&mut trainer, n_episodes, &working, &mut watch)?;
    let policy = trainer.policy(job.name);
    let tensors = policy.to_tensors();
    let (seconds, n_env_steps) = (watch.state.seconds, watch.state.n_env_steps);
    // One step of the actor and one of the critic per update.
    let gradient_steps = 2 * trainer.n_updates();
    let account = Account {
        episodes: trainer.n_episodes(),
        env_steps: n_env_steps,
        gradient_steps,
        seconds,
        env_steps_per_second: n_env_steps as f64 / seconds.max(1e-9),
        gradient_steps_per_second: gradient_steps as f64 / seconds.max(1e-9),
        parameter_hash: tensors.hash(),
        name: job.name.to_owned(),
        preset: job.preset.to_owned(),
        family: Family::Published,
        seed: job.seed,
        validation: watch.state.validation,
    };
    job.finish(Trained { policy: Box::new(policy), tensors, account }, raw, working, &[])
}

/// Runs in pieces, each of which ends with a checkpoint that also knows what was measured.
fn run(
    trainer: &mut Trainer<'_>,
    n_episodes: u64,
    working: &Working,
    watch: &mut Watch,
) -> Result<(), Failure> {
    let options = RunOptions {
        report_interval: (n_episodes / 100).clamp(1, 1_000),
        validation_interval: (n_episodes / 20).clamp(1, 5_000),
        checkpoint_interval: 0,
        checkpoint_path: None,
    };
    let interval = (n_episodes / 20).clamp(1, BETWEEN_CHECKPOINTS);
    while trainer.n_episodes() < n_episodes {
        let started = Instant::now();
        let until = (trainer.n_episodes() / interval + 1) * interval;
        trainer.run_until(until, &options, watch)?;
        if let Some(problem) = watch.problem.take() {
            return Err(problem);
        }
        watch.state.seconds += started.elapsed().as_secs_f64();
        working.keep(&watch.state, &trainer.checkpoint())?;
    }
    Ok(())
}

/// Watches a run. Its observer cannot refuse, so a problem is kept until the piece is over.
struct Watch {
    bar: Bar,
    n_episodes: u64,
    metrics: MetricsWriter,
    state: TrainingState,
    problem: Option<Failure>,
}

impl Observer for Watch {
    fn progress(&mut self, progress: &Progress) {
        let rate = progress.episodes_per_second;
        let validated = progress.validation_return.or(self.state.validation.last().map(|point| point.r_traj));
        let best = self.state.validation.iter().map(|point| point.r_traj).fold(f64::MIN, f64::max);
        let validated = validated.map(|now| super::train::validation(now, best.max(now))).unwrap_or_default();
        let note = format!("{rate:.0} sessions/s, return {:.1}{validated}", progress.train_return);
        self.bar.at(progress.n_episodes, self.n_episodes, &note);
        let mut values = vec![
            ("train/r_traj", progress.train_return),
            ("train/len", progress.train_length),
            ("train/entropy", progress.entropy),
            ("loss/actor", progress.actor_loss),
            ("loss/critic", progress.critic_loss),
            ("loss/imitation", progress.imitation_loss),
            ("train/demo_share", progress.demo_share),
            ("throughput/episodes_per_second", rate),
        ];
        values.extend(progress.discriminator_loss.map(|loss| ("loss/discriminator", loss)));
        if let Some(r_traj) = progress.validation_return {
            values.push(("validation/r_traj", r_traj));
            self.state.validation.push(CurvePoint { n_env_steps: progress.n_env_steps, r_traj });
        }
        self.state.n_env_steps = progress.n_env_steps;
        let at = Moment { n_env_steps: progress.n_env_steps, wall_seconds: unix_seconds() };
        if let Err(error) = self.metrics.record(at, &values) {
            self.problem = Some(Failure::machine(error.to_string()));
        }
    }
}
