//! Demonstrations, played in the train world.

use crate::folder::WAY;
use crate::ledger::{hash_path, key};
use crate::run::Session;
use crate::stages::{Ground, Place};
use crate::{AgentsSource, DemonstrationSource, PipelineError, Variant};
use agents::{Collection, Journal, Models, Prompts, Terms};
use artefact::{Claim, Kind};
use demonstrations::{BuiltinExpert, CollectOptions, Demonstration, Demos, Format, ImportOptions, Marked};
use experiment::{collect_from_agents, collect_from_expert, import_demonstrations, with_nouns};
use llm::LlmUri;
use std::path::Path;

/// The demonstrations of a run, and the hash of what they were made from.
pub(crate) struct Demonstrated {
    pub(crate) sources: Vec<Demos>,
    /// The hashes of their directories.
    pub(crate) hashes: Vec<String>,
    pub(crate) key: String,
}

impl Demonstrated {
    /// All demonstrations, source after source.
    pub(crate) fn all(&self) -> Vec<Demonstration> {
        self.sources.iter().flat_map(|source| source.demonstrations.iter().cloned()).collect()
    }
}

/// The demonstrations that a variant learns from, with the steps that were corrupted for it.
pub(crate) fn demonstrations_of(
    variant: Variant,
    demos: &Demonstrated,
    ground: &Ground<'_>,
    seed: u64,
) -> Result<Vec<Marked>, PipelineError> {
    let (scene, counts) =
        (ground.domain.scene(&ground.environments.train), ground.domain.world.item_counts());
    Ok(variant.transform.apply(&demos.all(), &scene, counts, seed)?)
}

/// Imports or collects every source.
pub(crate) fn demos(session: &mut Session<'_>, ground: &Ground<'_>) -> Result<Demonstrated, PipelineError> {
    let config = session.config;
    let mut sources = Vec::new();
    let (mut keys, mut hashes) = (Vec::new(), Vec::new());
    for (number, source) in config.demonstrations.iter().enumerate() {
        let input = match source {
            DemonstrationSource::Lists { path, .. } | DemonstrationSource::Billp { path } => {
                hash_path(&session.place.input(path))?
            }
            DemonstrationSource::Agents(agents) => match &agents.prompts {
                Some(folder) => hash_path(&session.place.input(folder))?,
                None => String::new(),
            },
            DemonstrationSource::Builtin { .. } => String::new(),
        };
        let (seed, place, models, replace) = (config.seed, session.place, session.models, session.replace);
        let key = key(&[
            &ground.domain.dataset_hash,
            &ground.domain.world_hash,
            ground.environments.train.rule(),
            &ground.environments.train.horizon(),
            source,
            &input,
            &seed,
        ]);
        let target = place.out.join(ground.name).join(format!("demos-{number}"));
        let (demos, hash) = session.stage(
            &format!("{}/demos-{number}", ground.name),
            &key,
            || Ok(Demos::open(&target).map(|(demos, artefact)| (demos, artefact.hash()))?),
            |watcher| {
                let claim = Claim::on(&target, Kind::Demos, WAY, replace)?;
                let run = target.with_file_name(format!("demos-{number}.run"));
                let stage = format!("{}/demos-{number}", ground.name);
                let mut watch = |progress: &agents::Progress| watcher.demonstrated(&stage, progress);
                let asked =
                    |source: &AgentsSource| ask(source, ground, &place, (models, &run), seed, &mut watch);
                let demos = make(source, ground, &place, seed, asked)?;
                let settings = serde_json::to_value(source).expect("settings are plain data");
                let hash = ground.domain.save_demonstrations(&demos, settings, seed, &claim)?;
                Ok((demos, hash))
            },
        )?;
        sources.push(demos);
        hashes.push(hash);
        keys.push(key);
    }
    let key = key(&[&keys, &hashes]);
    Ok(Demonstrated { sources, hashes, key })
}

fn make(
    source: &DemonstrationSource,
    ground: &Ground<'_>,
    place: &Place<'_>,
    seed: u64,
    asked: impl FnOnce(&AgentsSource) -> Result<Demos, PipelineError>,
) -> Result<Demos, PipelineError> {
    let scene = ground.domain.scene(&ground.environments.train);
    let imported = |path, format| {
        import_demonstrations(&scene, (format, &place.input(path)), &ImportOptions::default(), None)
    };
    Ok(match source {
        DemonstrationSource::Agents(source) => asked(source)?,
        DemonstrationSource::Lists { path, .. } => imported(path, Format::Lists)?,
        DemonstrationSource::Billp { path } => imported(path, Format::Billp)?,
        DemonstrationSource::Builtin { quality, n_episodes } => {
            let expert = BuiltinExpert::new(*quality).ok_or(PipelineError::Setting {
                setting: "demonstrations.quality",
                why: format!("{quality} is not within 0 to 1"),
            })?;
            let options = CollectOptions::new(*n_episodes, ground.environments.train.horizon());
            let users = &ground.domain.world.split().train;
            collect_from_expert(&scene, users, &expert, &options, seed)?
        }
    })
}

/// A model's address with its path taken from the run's file; what is no address is left to whoever opens it.
fn beside(place: &Place<'_>, address: &str) -> String {
    address.parse::<LlmUri>().map_or(address.to_owned(), |uri| uri.relative_to(place.base).to_string())
}

/// Lets the agents of a language model act. `run` keeps what is finished, so that a stopped collection goes on.
fn ask(
    source: &AgentsSource,
    ground: &Ground<'_>,
    place: &Place<'_>,
    (models, run): (&dyn Models, &Path),
    seed: u64,
    watch: &mut dyn FnMut(&agents::Progress),
) -> Result<Demos, PipelineError> {
    let terms = Terms {
        budget_tokens: source.budget_tokens,
        budget_money: source.budget_money,
        needs_scores: source.settings.actor == agents::ActorKind::Score,
        run: run.to_owned(),
    };
    let model = models.open(&beside(place, &source.llm), &terms).map_err(agents::AgentError::from)?;
    let embedder = source.embedder.as_ref().map(|at| models.open_embedder(&beside(place, at), &terms));
    let embedder = embedder.transpose().map_err(agents::AgentError::from)?;
    let prompts = match &source.prompts {
        Some(folder) => Prompts::read(&place.input(folder))?,
        None => Prompts::builtin()?,
    };
    let (scene, users) =
        (ground.domain.scene(&ground.environments.train), &ground.domain.world.split().train);
    let settings = &with_nouns(&source.settings, &ground.domain.dataset);
    let (model, embedder) = (model.as_ref(), embedder.as_deref());
    let collection = Collection { scene: &scene, users, model, embedder, prompts: &prompts, settings, seed };
    collection.check()?;
    let journal = Journal::of(run, &collection, &ground.domain.hashes())?;
    let collected = collect_from_agents(&collection, &journal, watch)?;
    if let Some(why) = collected.account().and_then(|account| account.stopped.clone()) {
        return Err(PipelineError::Stopped(why));
    }
    collected.losses.check()?;
    Ok(collected.demos)
}
