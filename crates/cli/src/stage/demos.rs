//! Stage `demos`: an expert's sessions, imported or collected, played in the train world.

use super::domain::Domain;
use crate::failure::Failure;
use ::agents::RandomFreshGenre;
use artefact::Claim;
use demonstrations::{
    BuiltinExpert, CollectOptions, Cost, Demos, Expert, Format, ImportOptions, Inputs, Origin, Scene,
};
use environment::Environment;
use llm::LanguageModel;
use mdp::UserIdx;
use std::path::Path;

/// The scene of a domain.
pub(crate) fn scene<'a>(domain: &'a Domain, environment: &'a Environment) -> Scene<'a> {
    Scene {
        catalogue: &domain.dataset.catalogue,
        user_ids: &domain.dataset.users,
        histories: &domain.log.world,
        environment,
    }
}

/// Reads traces or lists and plays them in the train world.
pub(crate) fn import(
    scene: &Scene<'_>,
    (format, input): (Format, &Path),
    options: &ImportOptions,
    embedder: Option<&dyn LanguageModel>,
) -> Result<Demos, Failure> {
    let sources = demonstrations::read_sources(input, format)?;
    let imported = match embedder {
        None => demonstrations::import(format, &sources, scene, options)?,
        Some(embedder) => {
            let embed = |texts: &[String]| embedder.embed(texts).map_err(|error| error.to_string());
            demonstrations::import_with_vectors(format, &sources, scene, options, Some(&embed))?
        }
    };
    tracing::info!("{}", imported.report.summary());
    let origin = Origin::Imported { report: Box::new(imported.report) };
    Ok(Demos { origin, demonstrations: imported.demonstrations })
}

/// The expert without a language model that an address names.
pub(crate) fn expert(address: &str) -> Result<Box<dyn Expert>, Failure> {
    if address == RandomFreshGenre.name() {
        return Ok(Box::new(RandomFreshGenre));
    }
    Ok(Box::new(BuiltinExpert::parse(address)?))
}

/// Lets an expert act for `users` in turn.
pub(crate) fn collect(
    scene: &Scene<'_>,
    users: &[UserIdx],
    expert: &dyn Expert,
    options: &CollectOptions,
    seed: u64,
) -> Result<Demos, Failure> {
    let collected = demonstrations::collect(scene, users, expert, options, seed)?;
    let (expert, report, cost) = (expert.name(), Box::new(collected.report), Cost::default());
    Ok(Demos { origin: Origin::Collected { expert, report, cost }, demonstrations: collected.demonstrations })
}

/// Writes the directory and gives its hash.
pub(crate) fn save(
    demos: &Demos,
    domain: &Domain,
    config: serde_json::Value,
    seed: u64,
    claim: &Claim,
) -> Result<String, Failure> {
    let inputs = Inputs {
        dataset: domain.dataset_hash.clone(),
        world: domain.world_hash.clone(),
        catalogue: domain.dataset.catalogue.hash(),
    };
    let sizes = (domain.dataset.n_users(), domain.n_items());
    Ok(demos.save(claim, &inputs, sizes, seed, config)?.hash())
}

/// Opens a directory made with this domain's dataset.
pub(crate) fn open(domain: &Domain, path: &Path) -> Result<(Demos, String), Failure> {
    let (demos, artefact) = Demos::open_beside(path, &domain.dataset_hash)?;
    Ok((demos, artefact.hash()))
}
