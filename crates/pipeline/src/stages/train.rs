//! One training run.

use crate::folder::WAY;
use crate::ledger::key;
use crate::recorder::Recorder;
use crate::run::Session;
use crate::stages::Ground;
use crate::stages::demos::{Demonstrated, scene};
use crate::working::{Resume, Working};
use crate::{PipelineError, Variant, learner_config};
use artefact::{Artefact, Claim, Draft, Kind, Tensors};
use demonstrations::{Demonstration, corrupt, shuffle_items};
use mdp::Trajectory;
use report::CurvePoint;
use robust::{Inputs, Progress, RobustConfig, RobustPolicy, WEIGHED_FILE, Weighed, weighed};
use serde::{Deserialize, Serialize};
use std::path::Path;

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
    let config = learner_config(session.config, variant)?;
    let name = format!("{}/{}-s{seed}", ground.name, variant.name());
    let key = key(&[&demos.key, &config, &variant.name(), &seed]);
    let (target, replace) = (session.place.out.join(&name), session.replace);
    let world_seed = session.config.seed;
    let catalogue = &ground.log.dataset.catalogue;
    let (policy, story, hash) = session.stage(
        &name,
        &key,
        || open(&target, ground),
        |watcher| {
            let claim = Claim::on(&target, Kind::Policy, WAY, replace)?;
            let marked = demonstrations_of(variant, demos, ground, world_seed)?;
            let working = Working::open(&target, &key, Resume::IfSame)?;
            let n_env_steps = config.training.n_env_steps;
            let mut watch =
                |progress: &Progress, seconds| watcher.trained(&name, progress, n_env_steps, seconds);
            let (mut recorder, resume) = Recorder::new(&working, &mut watch)?;
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
                curve: recorder.into_curve(),
                parameter_hash: tensors.hash(),
                weight_auc: auc(&marked, &trained.weights),
            };
            let weighed = weighed(&trajectories, &trained);
            let artefact = seal(&claim, ground, seed, (&config, &tensors, &story, &weighed))?;
            working.keep_metrics(&target.with_extension("metrics"))?;
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
    claim: &Claim,
    ground: &Ground<'_>,
    seed: u64,
    (config, tensors, story, weighed): (&RobustConfig, &Tensors, &Story, &[Weighed]),
) -> Result<Artefact, PipelineError> {
    let settings = serde_json::to_value(config).expect("settings are plain data");
    let mut draft = Draft::new(Kind::Policy, claim, seed, settings)?;
    draft.input("dataset", &ground.log.hash);
    draft.input("world", &ground.worlds.hash);
    draft.input("catalogue", &ground.log.dataset.catalogue.hash());
    tensors.save(&draft, "policy.safetensors")?;
    // What it tells beside clocks follows from the parameters and the settings.
    draft.write_json_beside("training.json", story)?;
    draft.spent(story.seconds, 0);
    if !weighed.is_empty() {
        draft.write_json(WEIGHED_FILE, &weighed)?;
    }
    Ok(draft.seal()?)
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
