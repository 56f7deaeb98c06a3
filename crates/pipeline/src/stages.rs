//! The stages: typed inputs to typed outputs.

mod demos;
mod evaluate;
pub(crate) mod train;

use crate::folder::WAY;
use crate::ledger::{hash_path, key};
use crate::results::RuleResults;
use crate::run::Session;
use crate::variants::variants;
use crate::{DataSettings, PipelineError, RunConfig, SampleSettings};
use artefact::{Claim, Kind};
use data::{Dataset, Format, ImportOptions, Shown, ShownSource};
use experiment::{Domain, EnvironmentSettings, Environments};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use world_model::World;

/// Where a run reads and writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) base: &'a Path,
    pub(crate) out: &'a Path,
}

impl Place<'_> {
    pub(crate) fn input(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }
}

/// Everything that holds under one exit rule.
pub(crate) struct Ground<'a> {
    pub(crate) name: &'a str,
    pub(crate) domain: &'a Arc<Domain>,
    pub(crate) environments: Environments,
}

/// Imports the log, or generates the sample domain and imports that.
pub(crate) fn data(session: &mut Session<'_>) -> Result<Dataset, PipelineError> {
    let (place, seed) = (session.place, session.config.seed);
    let options = match &session.config.data {
        DataSettings::Import(options) => options.clone(),
        DataSettings::Sample(sample) => generate(*sample, place.out, seed)?,
    };
    let options = resolved(options, &place);
    let mut inputs = Vec::new();
    for source in &options.sources {
        inputs.push(hash_path(&source.path)?);
        inputs.extend(source.item_ids.as_ref().map(|map| hash_path(&map.path)).transpose()?);
    }
    inputs.extend(options.items.as_ref().map(|path| hash_path(path)).transpose()?);
    let settings = serde_json::to_value(&session.config.data).expect("settings are plain data");
    let settings = artefact::canonical(settings);
    let (target, replace) = (place.out.join("data"), session.replace);
    session.stage(
        "data",
        &key(&[&settings, &inputs, &seed]),
        || Ok(Dataset::open(&target)?.0),
        |watcher| {
            let claim = Claim::on(&target, Kind::Dataset, WAY, replace)?;
            let (dataset, report) = data::import(&options)?;
            watcher.imported(&report);
            dataset.save(&claim, seed, settings.clone())?;
            Ok(dataset)
        },
    )
}

fn generate(sample: SampleSettings, out: &Path, seed: u64) -> Result<ImportOptions, PipelineError> {
    let SampleSettings { n_items, n_users } = sample;
    let tables = sample_domain::generate(&sample_domain::SampleConfig { n_items, n_users }, seed);
    let folder = std::path::absolute(out.join("sample"))
        .map_err(|source| PipelineError::Write { path: out.to_owned(), source })?;
    for (name, text) in tables.files() {
        artefact::replace_file(&folder.join(name), text.as_bytes())?;
    }
    Ok(ImportOptions::new(Format::Movielens, &folder))
}

fn resolved(mut options: ImportOptions, place: &Place<'_>) -> ImportOptions {
    for source in &mut options.sources {
        source.path = place.input(&source.path);
        if let Some(map) = &mut source.item_ids {
            map.path = place.input(&map.path);
        }
    }
    options.items = options.items.map(|path| place.input(&path));
    options
}

/// Fits the train world and the judge.
pub(crate) fn world(session: &mut Session<'_>, dataset: Dataset) -> Result<Domain, PipelineError> {
    let (config, seed) = (session.config.world_with_shown(), session.config.seed);
    let (target, replace) = (session.place.out.join("world"), session.replace);
    let files: Vec<ShownSource> =
        config.shown.iter().map(|source| source.below(session.place.base)).collect();
    // A run without such files has the key that it always had.
    let mut of = vec![key(&[&dataset.hash(), &config, &seed])];
    for source in &files {
        of.push(hash_path(&source.path)?);
    }
    let of = if files.is_empty() { of.remove(0) } else { key(&[&of]) };
    let (world, hash) = session.stage(
        "world",
        &of,
        || World::open(&target).map(|(world, artefact)| (world, artefact.hash())).map_err(Into::into),
        |_| {
            let claim = Claim::on(&target, Kind::World, WAY, replace)?;
            let shown = Shown::read(&files, &dataset)?;
            let world = World::train_watched(&dataset, &shown, &config, seed, &mut |_| {})?;
            let hash = world.save(&claim)?.hash();
            Ok((world, hash))
        },
    )?;
    Ok(Domain::new(dataset, world, hash)?)
}

/// Demonstrations, training and evaluation under one exit rule.
pub(crate) fn rule(
    session: &mut Session<'_>,
    domain: &Arc<Domain>,
    settings: &EnvironmentSettings,
    ablations: &[String],
) -> Result<RuleResults, PipelineError> {
    let environments = settings.train_and_judge(&domain.world)?;
    let ground = Ground { name: &settings.exit_rule, domain, environments };
    let demos = demos::demos(session, &ground)?;
    let mut trained = Vec::new();
    for variant in variants(session.config, ablations)? {
        for &seed in &session.config.training_seeds {
            trained.push(train::train(session, &ground, &demos, variant, seed)?);
        }
    }
    evaluate::evaluate(session, &ground, &demos, &trained)
}

/// The stages of a run, in order; a run whose ablations do not exist has none of them.
pub fn stage_names(config: &RunConfig) -> Vec<String> {
    let mut names = vec!["data".to_owned(), "world".to_owned()];
    for (position, EnvironmentSettings { exit_rule: rule, .. }) in config.environment.by_rule().enumerate() {
        let ablations: &[String] = if position == 0 { &config.ablations } else { &[] };
        names.extend((0..config.demonstrations.len()).map(|number| format!("{rule}/demos-{number}")));
        for variant in variants(config, ablations).unwrap_or_default() {
            let seeds = config.training_seeds.iter();
            names.extend(seeds.map(|seed| format!("{rule}/{}-s{seed}", variant.name)));
        }
        names.push(format!("{rule}/evaluation"));
    }
    names.push("report".to_owned());
    names
}
