//! One training run.

use crate::PipelineError;
use crate::folder::WAY;
use crate::ledger::key;
use crate::run::Session;
use crate::stages::Ground;
use crate::stages::demos::{Demonstrated, demonstrations_of};
use crate::training::{PolicyDirectory, TrainingJob, demonstrated, made_of};
use crate::variants::Variant;
use crate::working::{Resume, Working};
use artefact::{Claim, Kind};
use experiment::weight_auc;
use learning::{Inputs, Progress};

/// A variant that was trained with one seed.
pub(crate) struct TrainedVariant {
    pub(crate) variant: Variant,
    pub(crate) seed: u64,
    pub(crate) directory: PolicyDirectory,
}

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
    let values = artefact::canonical(settings.value());
    let key = key(&[&demos.key, &variant.entry.name, &values, &variant.name, &seed]);
    let (target, replace) = (session.place.out.join(&name), session.replace);
    let world_seed = session.config.seed;
    let catalogue = &ground.domain.dataset.catalogue;
    let directory = session.stage(
        &name,
        &key,
        || PolicyDirectory::open(&target, catalogue),
        |watcher| {
            let claim = Claim::on(&target, Kind::Policy, WAY, replace)?;
            let marked = demonstrations_of(variant, demos, ground, world_seed)?;
            let working = Working::open(&target, &key, Resume::IfSame)?;
            let mut watch = |progress: &Progress, seconds| watcher.trained(&name, progress, seconds);
            let split = ground.domain.world.split();
            let train = ground.domain.with_histories(&split.train);
            let validation = ground.domain.with_histories(&split.validation);
            let demonstrations: Vec<learning::Demonstrated> =
                marked.iter().map(|(demo, _)| demonstrated(demo)).collect();
            let job = TrainingJob {
                entry: variant.entry,
                settings: settings.as_ref(),
                name: variant.name,
                inputs: Inputs {
                    catalogue,
                    environment: ground.environments.of(variant.side),
                    train: &train,
                    validation: &validation,
                    demonstrators: &split.withheld,
                    demonstrations: &demonstrations,
                    tables: &ground.domain.tables,
                },
                made_of: &made_of(ground.domain, &demos.hashes),
                seed,
                keeps_checkpoint: false,
            };
            let remark = |weights: &[Vec<f32>]| weight_auc(&marked, weights);
            let trained = job.train(&claim, &working, &remark, &mut watch)?;
            working.keep_metrics(&target.with_extension("metrics"))?;
            Ok(trained)
        },
    )?;
    Ok(TrainedVariant { variant, seed, directory })
}
