//! Demonstrations: imported, or collected from an expert who acts in the train world.

use crate::evaluator::{FRESH_WINDOW, RANDOM_FRESH_GENRE};
use agents::{AgentError, Collection, Journal, Losses, Progress};
use demonstrations::{
    AgentAccount, BuiltinExpert, CollectOptions, Cost, DemonstrationError, Demos, DemosDescription, Expert,
    Format, ImportOptions, Origin, PolicyExpert, Scene, collect, describe, import_with_vectors, read_sources,
};
use evaluation::RandomFreshGenre;
use llm::LanguageModel;
use mdp::UserIdx;
use std::path::Path;
use std::sync::Arc;

/// Reads traces or lists and plays them in the train world. Without an embedder, texts are grounded by their letters.
///
/// # Errors
/// When the files cannot be understood, or not one step of them could be shown.
pub fn import_demonstrations(
    scene: &Scene<'_>,
    (format, input): (Format, &Path),
    options: &ImportOptions,
    embedder: Option<&dyn LanguageModel>,
) -> Result<Demos, DemonstrationError> {
    let sources = read_sources(input, format)?;
    let imported = match embedder {
        None => import_with_vectors(format, &sources, scene, options, None)?,
        Some(embedder) => {
            let embed = |texts: &[String]| embedder.embed(texts).map_err(|error| error.to_string());
            import_with_vectors(format, &sources, scene, options, Some(&embed))?
        }
    };
    let origin = Origin::Imported { report: Box::new(imported.report) };
    Ok(Demos { origin, demonstrations: imported.demonstrations })
}

/// The expert that an address names, of those who need no language model.
///
/// # Errors
/// When the address is another one.
pub fn expert_without_model(address: &str) -> Result<Box<dyn Expert>, DemonstrationError> {
    if address == RANDOM_FRESH_GENRE {
        return Ok(Box::new(PolicyExpert::new(RANDOM_FRESH_GENRE, |catalogue| {
            let categories = catalogue.items().iter().map(|item| item.categories.clone()).collect();
            Box::new(RandomFreshGenre::new(Arc::new(categories), FRESH_WINDOW))
        })));
    }
    Ok(Box::new(BuiltinExpert::parse(address)?))
}

/// Lets an expert act for `users` in turn.
///
/// # Errors
/// When there is nobody to act for, or no answer could be shown.
pub fn collect_from_expert(
    scene: &Scene<'_>,
    users: &[UserIdx],
    expert: &dyn Expert,
    options: &CollectOptions,
    seed: u64,
) -> Result<Demos, DemonstrationError> {
    let collected = collect(scene, users, expert, options, seed)?;
    let (expert, report, cost) = (expert.name(), Box::new(collected.report), Cost::default());
    Ok(Demos { origin: Origin::Collected { expert, report, cost }, demonstrations: collected.demonstrations })
}

/// Demonstrations of a language model's agents, and what is missing of them.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentDemonstrations {
    /// What could be shown.
    pub demos: Demos,
    /// What was asked for and is not there.
    pub losses: Losses,
}

impl AgentDemonstrations {
    /// What the agents cost, and how they were understood.
    pub fn account(&self) -> Option<&AgentAccount> {
        match &self.demos.origin {
            Origin::Collected { report, .. } => report.agents.as_deref(),
            Origin::Imported { .. } | Origin::Derived { .. } => None,
        }
    }
}

/// Lets the agents of a language model act. The journal keeps finished batches: those of an earlier, stopped run are not
/// played again.
///
/// # Errors
/// When the model answers nothing, or the disk refuses.
pub fn collect_from_agents(
    collection: &Collection<'_>,
    journal: &Journal,
    watch: &mut dyn FnMut(&Progress),
) -> Result<AgentDemonstrations, AgentError> {
    let collected = agents::collect(collection, Some(journal), watch)?;
    let losses = collected.losses(collection.settings.n_episodes);
    let (expert, report, cost) = (collection.expert_name(), Box::new(collected.report), collected.cost);
    let origin = Origin::Collected { expert, report, cost };
    Ok(AgentDemonstrations { demos: Demos { origin, demonstrations: collected.demonstrations }, losses })
}

/// Describes demonstrations of several sources as one.
pub fn describe_together(sources: &[Demos]) -> DemosDescription {
    match sources {
        [one] => describe(one),
        several => {
            let names: Vec<String> = several.iter().map(|source| describe(source).source).collect();
            let origin = Origin::Derived { change: names.join(", ") };
            let all = several.iter().flat_map(|source| source.demonstrations.iter().cloned());
            describe(&Demos { origin, demonstrations: all.collect() })
        }
    }
}
