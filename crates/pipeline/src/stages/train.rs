//! One training run.

use crate::ledger::key;
use crate::run::{Session, Watcher};
use crate::stages::Ground;
use crate::stages::demos::{Demonstrated, scene};
use crate::{PipelineError, Variant, learner_config};
use artefact::{Artefact, Draft, Kind, Tensors};
use demonstrations::{Demonstration, corrupt, shuffle_items};
use mdp::Trajectory;
use report::CurvePoint;
use robust::{Inputs, Observer, Progress, RobustConfig, RobustPolicy, UpdateReport};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use telemetry::{MetricsWriter, Moment};

const CORRUPTED_SHARE: f64 = 0.2;

/// A trained policy with what is told of its training.
pub(crate) struct TrainedPolicy {
    pub(crate) variant: Variant,
    pub(crate) seed: u64,
    pub(crate) policy: RobustPolicy,
    pub(crate) story: Story,
    pub(crate) hash: String,
}

/// `training.json` of a policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Story {
    pub(crate) progress: Progress,
    pub(crate) curve: Vec<CurvePoint>,
    pub(crate) seconds: f64,
    pub(crate) parameter_hash: String,
    pub(crate) weight_auc: Option<f64>,
}

/// Demonstrations with a flag per step: whether it was corrupted.
pub(crate) type Marked = Vec<(Demonstration, Vec<bool>)>;

/// Trains one variant with one seed, from its last checkpoint if it was interrupted.
pub(crate) fn train(
    session: &mut Session<'_>,
    ground: &Ground<'_>,
    demos: &Demonstrated,
    variant: Variant,
    seed: u64,
) -> Result<TrainedPolicy, PipelineError> {
    let config = learner_config(session.config, &variant)?;
    let name = format!("{}/{}-s{seed}", ground.name, variant.name());
    let key = key(&[&demos.key, &config, &variant.name(), &seed]);
    let target = session.place.out.join(&name);
    let world_seed = session.config.seed;
    let catalogue = &ground.log.dataset.catalogue;
    let (policy, story, hash) = session.stage(
        &name,
        &key,
        || open(&target, ground),
        |watcher| {
            let marked = demonstrations_of(variant, demos, ground, world_seed)?;
            let part = target.with_extension("part");
            let mut recorder = Recorder::new(&part, &key, (&name, &config), watcher)?;
            let resume = recorder.resume.take();
            let (train, validation) = (
                ground.users(&ground.worlds.world.split().train),
                ground.users(&ground.worlds.world.split().validation),
            );
            let trajectories: Vec<Trajectory> = marked.iter().map(|(d, _)| d.trajectory()).collect();
            let inputs = Inputs {
                catalogue,
                environment: &ground.train,
                train: &train,
                validation: &validation,
                demonstrations: &trajectories,
            };
            let trained = robust::train(&inputs, &config, seed, resume, &mut recorder)?;
            let tensors = trained.policy.to_tensors(catalogue);
            let story = Story {
                progress: trained.progress,
                seconds: recorder.seconds(),
                curve: std::mem::take(&mut recorder.curve),
                parameter_hash: tensors.hash(),
                weight_auc: auc(&marked, &trained.weights),
            };
            let artefact = seal(&target, ground, seed, (&config, &tensors, &story))?;
            keep_metrics(&part, &target)?;
            Ok((trained.policy, story, artefact.hash()))
        },
    )?;
    Ok(TrainedPolicy { variant, seed, policy, story, hash })
}

fn open(target: &Path, ground: &Ground<'_>) -> Result<(RobustPolicy, Story, String), PipelineError> {
    let artefact = Artefact::open(Kind::Policy, target)?;
    let tensors = Tensors::load(&artefact, "policy.safetensors")?;
    let policy = RobustPolicy::from_tensors(tensors, &ground.log.dataset.catalogue)?;
    Ok((policy, artefact.read_json("training.json")?, artefact.hash()))
}

fn seal(
    target: &Path,
    ground: &Ground<'_>,
    seed: u64,
    (config, tensors, story): (&RobustConfig, &Tensors, &Story),
) -> Result<Artefact, PipelineError> {
    let settings = serde_json::to_value(config).expect("settings are plain data");
    let mut draft = Draft::new(Kind::Policy, target, seed, settings)?;
    draft.input("dataset", &ground.log.hash);
    draft.input("world", &ground.worlds.hash);
    draft.input("catalogue", &ground.log.dataset.catalogue.hash());
    tensors.save(&draft, "policy.safetensors")?;
    draft.write_json("training.json", story)?;
    Ok(draft.seal()?)
}

/// The working folder holds checkpoint and metrics; once the policy stands, only the metrics stay, beside it.
fn keep_metrics(part: &Path, target: &Path) -> Result<(), PipelineError> {
    let write = |path: &Path| {
        let path = path.to_owned();
        move |source| PipelineError::Write { path, source }
    };
    let _ = std::fs::remove_file(part.join(CHECKPOINT));
    let metrics = target.with_extension("metrics");
    if metrics.exists() {
        std::fs::remove_dir_all(&metrics).map_err(write(&metrics))?;
    }
    std::fs::rename(part, &metrics).map_err(write(&metrics))
}

fn demonstrations_of(
    variant: Variant,
    demos: &Demonstrated,
    ground: &Ground<'_>,
    seed: u64,
) -> Result<Marked, PipelineError> {
    let all = demos.all();
    let unmarked = |all: Vec<Demonstration>| all.into_iter().map(|d| (d, Vec::new())).collect();
    Ok(match variant {
        Variant::ShuffledDemonstrations => unmarked(shuffle_items(&all, &scene(ground), seed)?),
        Variant::CorruptedDemonstrations => corrupt(&all, &scene(ground), CORRUPTED_SHARE, seed)?,
        _ => unmarked(all),
    })
}

/// Probability that a clean step of a training user's demonstration weighs more than a corrupted one (ties count
/// half); none without corrupted steps.
pub(crate) fn auc(marked: &Marked, weights: &[Vec<f32>]) -> Option<f64> {
    let mut steps: Vec<(f32, bool)> = marked
        .iter()
        .zip(weights)
        .flat_map(|((_, flags), weights)| weights.iter().copied().zip(flags.iter().copied()))
        .collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n_corrupted = steps.iter().filter(|step| step.1).count();
    let n_clean = steps.len() - n_corrupted;
    if n_corrupted == 0 || n_clean == 0 {
        return None;
    }
    let (mut below, mut wins) = (0.0, 0.0);
    for ties in steps.chunk_by(|a, b| a.0 == b.0) {
        let corrupted = ties.iter().filter(|step| step.1).count() as f64;
        wins += (ties.len() as f64 - corrupted) * (below + corrupted / 2.0);
        below += corrupted;
    }
    Some(wins / (n_corrupted as f64 * n_clean as f64))
}

const CHECKPOINT: &str = "checkpoint.safetensors";
const KEY: &str = "key";

/// Keeps checkpoint, metrics and learning curve of a run in its working folder.
struct Recorder<'a> {
    part: PathBuf,
    name: &'a str,
    n_env_steps: u64,
    watcher: &'a mut dyn Watcher,
    metrics: MetricsWriter,
    curve: Vec<CurvePoint>,
    resume: Option<Tensors>,
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
    fn new(
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

    fn seconds(&self) -> f64 {
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
