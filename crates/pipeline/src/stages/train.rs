//! One training run.

use crate::folder::WAY;
use crate::ledger::key;
use crate::recorder::Recorder;
use crate::run::Session;
use crate::stages::Ground;
use crate::stages::demos::{Demonstrated, demonstrations_of};
use crate::working::{Resume, Working};
use crate::{PipelineError, Variant, learner_config};
use artefact::{Artefact, Claim, Draft, Kind, Tensors};
use experiment::weight_auc;
use mdp::Trajectory;
use report::CurvePoint;
use robust::{Inputs, Progress, RobustConfig, RobustPolicy, WEIGHED_FILE, Weighed, weighed};
use serde::{Deserialize, Serialize};
use std::path::Path;

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
    let catalogue = &ground.domain.dataset.catalogue;
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
                ground.domain.with_histories(&ground.domain.world.split().train),
                ground.domain.with_histories(&ground.domain.world.split().validation),
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
                weight_auc: weight_auc(&marked, &trained.weights),
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
    let policy = RobustPolicy::from_tensors(tensors, &ground.domain.dataset.catalogue)?;
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
    draft.input("dataset", &ground.domain.dataset_hash);
    draft.input("world", &ground.domain.world_hash);
    draft.input("catalogue", &ground.domain.dataset.catalogue.hash());
    tensors.save(&draft, "policy.safetensors")?;
    // What it tells beside clocks follows from the parameters and the settings.
    draft.write_json_beside("training.json", story)?;
    draft.spent(story.seconds, 0);
    if !weighed.is_empty() {
        draft.write_json(WEIGHED_FILE, &weighed)?;
    }
    Ok(draft.seal()?)
}
