//! The stages: typed inputs to typed outputs.

mod demos;
mod evaluate;
pub(crate) mod train;

use crate::folder::WAY;
use crate::ledger::{hash_path, key};
use crate::results::RuleResults;
use crate::run::Session;
use crate::variants::variants;
use crate::worlds::{judging_environment, rule_by_name, training_environment};
use crate::{DataSettings, PipelineError, RunConfig, SampleSettings};
use artefact::{Claim, Kind};
use data::split::LogSplit;
use data::{Dataset, Format, ImportOptions};
use environment::Environment;
use mdp::{Interaction, UserIdx};
use std::path::{Path, PathBuf};
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

/// The log and its two parts.
pub(crate) struct Log {
    pub(crate) dataset: Dataset,
    pub(crate) hash: String,
}

/// The worlds and what follows from them.
pub(crate) struct Worlds {
    pub(crate) world: World,
    pub(crate) hash: String,
    pub(crate) log: LogSplit,
}

/// Everything that holds under one exit rule.
pub(crate) struct Ground<'a> {
    pub(crate) name: &'a str,
    pub(crate) train: Environment,
    pub(crate) judge: Environment,
    pub(crate) log: &'a Log,
    pub(crate) worlds: &'a Worlds,
}

type Users<'a> = Vec<(UserIdx, &'a [Interaction])>;

impl Ground<'_> {
    /// Users with their logged histories.
    pub(crate) fn users(&self, of: &[UserIdx]) -> Users<'_> {
        of.iter().map(|&user| (user, &self.worlds.log.world[user.index()])).collect()
    }
}

/// Imports the log, or generates the sample domain and imports that.
pub(crate) fn data(session: &mut Session<'_>) -> Result<Log, PipelineError> {
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
    let (target, replace) = (place.out.join("data"), session.replace);
    let dataset = session.stage(
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
    )?;
    Ok(Log { hash: dataset.hash(), dataset })
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
pub(crate) fn world(session: &mut Session<'_>, log: &Log) -> Result<Worlds, PipelineError> {
    let (config, seed) = (&session.config.world, session.config.seed);
    let (target, replace) = (session.place.out.join("world"), session.replace);
    let (world, hash) = session.stage(
        "world",
        &key(&[&log.hash, config, &seed]),
        || World::open(&target).map(|(world, artefact)| (world, artefact.hash())).map_err(Into::into),
        |_| {
            let claim = Claim::on(&target, Kind::World, WAY, replace)?;
            let world = World::train(&log.dataset, config, seed)?;
            let hash = world.save(&claim)?.hash();
            Ok((world, hash))
        },
    )?;
    let log = world.log_split(&log.dataset)?;
    Ok(Worlds { world, hash, log })
}

/// Demonstrations, training and evaluation under one exit rule.
pub(crate) fn rule(
    session: &mut Session<'_>,
    log: &Log,
    worlds: &Worlds,
    name: &str,
    ablations: &[String],
) -> Result<RuleResults, PipelineError> {
    let rule = rule_by_name(name, &worlds.world, session.config.seed)?;
    let horizon = session.config.environment.horizon;
    let ground = Ground {
        name,
        train: training_environment(&worlds.world, rule, horizon)?,
        judge: judging_environment(&worlds.world, rule, horizon)?,
        log,
        worlds,
    };
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
    let rules = [&config.environment.exit_rule].into_iter().chain(&config.environment.compare);
    for (position, rule) in rules.enumerate() {
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
