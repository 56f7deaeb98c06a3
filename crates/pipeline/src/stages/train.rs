//! One training run.

use crate::PipelineError;
use crate::folder::WAY;
use crate::ledger::key;
use crate::run::Session;
use crate::stages::Ground;
use crate::stages::demos::{Demonstrated, scene};
use crate::training::{PolicyDirectory, TrainingJob, demonstrated};
use crate::variants::{DemonstrationChange, Variant};
use crate::working::{Resume, Working};
use artefact::{Claim, Kind};
use demonstrations::{Demonstration, corrupt, shuffle_items};
use learning::{Inputs, Progress};
use std::collections::BTreeMap;

const CORRUPTED_SHARE: f64 = 0.2;

/// A variant that was trained with one seed.
pub(crate) struct TrainedVariant {
    pub(crate) variant: Variant,
    pub(crate) seed: u64,
    pub(crate) directory: PolicyDirectory,
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
) -> Result<TrainedVariant, PipelineError> {
    let settings = variant.settings(session.config)?;
    let name = format!("{}/{}-s{seed}", ground.name, variant.name);
    let key = key(&[&demos.key, &variant.entry.name, &settings.value(), &variant.name, &seed]);
    let (target, replace) = (session.place.out.join(&name), session.replace);
    let world_seed = session.config.seed;
    let catalogue = &ground.log.dataset.catalogue;
    let directory = session.stage(
        &name,
        &key,
        || PolicyDirectory::open(&target, catalogue),
        |watcher| {
            let claim = Claim::on(&target, Kind::Policy, WAY, replace)?;
            let marked = demonstrations_of(variant, demos, ground, world_seed)?;
            let working = Working::open(&target, &key, Resume::IfSame)?;
            let mut watch = |progress: &Progress, seconds| watcher.trained(&name, progress, seconds);
            let split = ground.worlds.world.split();
            let (train, validation) = (ground.users(&split.train), ground.users(&split.validation));
            let demonstrations: Vec<learning::Demonstrated> =
                marked.iter().map(|(demo, _)| demonstrated(demo)).collect();
            let job = TrainingJob {
                entry: variant.entry,
                settings: settings.as_ref(),
                name: variant.name,
                inputs: Inputs {
                    catalogue,
                    environment: &ground.train,
                    train: &train,
                    validation: &validation,
                    demonstrations: &demonstrations,
                },
                made_of: &made_of(ground, demos),
                seed,
            };
            let trained = job.train(&claim, &working, &|weights| auc(&marked, weights), &mut watch)?;
            working.keep_metrics(&target.with_extension("metrics"))?;
            Ok(trained)
        },
    )?;
    Ok(TrainedVariant { variant, seed, directory })
}

/// The hashes that a policy carries; of demonstrations the first source's, and the others with a number.
fn made_of(ground: &Ground<'_>, demos: &Demonstrated) -> BTreeMap<String, String> {
    let mut inputs = BTreeMap::from([
        ("dataset".to_owned(), ground.log.hash.clone()),
        ("world".to_owned(), ground.worlds.hash.clone()),
        ("catalogue".to_owned(), ground.log.dataset.catalogue.hash()),
    ]);
    for (number, hash) in demos.hashes.iter().enumerate() {
        let name = if number == 0 { "demos".to_owned() } else { format!("demos-{number}") };
        inputs.insert(name, hash.clone());
    }
    inputs
}

fn demonstrations_of(
    variant: Variant,
    demos: &Demonstrated,
    ground: &Ground<'_>,
    seed: u64,
) -> Result<Marked, PipelineError> {
    let all = demos.all();
    let unmarked = |all: Vec<Demonstration>| all.into_iter().map(|d| (d, Vec::new())).collect();
    Ok(match variant.demonstrations {
        DemonstrationChange::Shuffled => unmarked(shuffle_items(&all, &scene(ground), seed)?),
        DemonstrationChange::Corrupted => corrupt(&all, &scene(ground), CORRUPTED_SHARE, seed)?,
        DemonstrationChange::None => unmarked(all),
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
