//! Stage `demos` with a language model: its agents act in the train world.

use crate::failure::Failure;
use crate::progress::Progress;
use ::agents::{Collection, Estimate, Journal};
use demonstrations::{Demos, Origin};
use llm::LanguageModel;
use std::path::{Path, PathBuf};

/// What a person is ready to pay, and where calls are recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Terms {
    /// The most tokens, sent and received.
    pub(crate) budget_tokens: Option<u64>,
    /// The most money, in the currency of the price table.
    pub(crate) budget_money: Option<f64>,
    /// The directory of the run: its cassette and its finished batches.
    pub(crate) run: PathBuf,
}

/// Opens the language model that an address names.
///
/// # Errors
/// When the address is not understood or its backend is not there.
pub(crate) fn open_model(address: &str, terms: &Terms) -> Result<Box<dyn LanguageModel>, Failure> {
    let (scheme, _) = address.split_once(':').unwrap_or((address, ""));
    let place = terms.run.display();
    match scheme {
        "openai" | "gguf" | "replay" => Err(Failure::input(format!(
            "this build has no backend for `{scheme}:` (asked for {address}, run in {place})"
        ))
        .hint("builtin:expert is a stand-in without a language model")),
        _ => Err(Failure::input(format!("unknown language model `{address}`"))
            .hint("openai:MODEL, gguf:PATH, replay:CASSETTE, or builtin:expert[?quality=Q]")),
    }
}

/// The directory of the run beside the demonstrations it will give.
pub(crate) fn run_folder(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".run");
    out.with_file_name(name)
}

/// Lets the agents act; batches that an earlier, stopped run finished are not played again.
pub(crate) fn collect(collection: &Collection<'_>, inputs: &[&str], run: &Path) -> Result<Demos, Failure> {
    collection.check()?;
    let journal = Journal::open(run, &collection.identity(inputs))?;
    let mut shown = Progress::new("demonstrations", collection.settings.n_episodes as u64);
    let mut watch = |progress: &::agents::Progress| {
        shown.at(progress.sessions as u64, &progress.to_string());
    };
    let collected = ::agents::collect(collection, Some(&journal), &mut watch)?;
    if let Some(why) = collected.report.agents.as_ref().and_then(|account| account.stopped.as_ref()) {
        tracing::warn!("stopped: {why}; what was finished is kept, the same command goes on from there");
    }
    let expert = expert_name(collection);
    let (report, cost) = (Box::new(collected.report), collected.cost);
    Ok(Demos { origin: Origin::Collected { expert, report, cost }, demonstrations: collected.demonstrations })
}

/// The model with the agent that it plays.
fn expert_name(collection: &Collection<'_>) -> String {
    let settings = collection.settings;
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let actor = word(serde_json::json!(settings.actor));
    let decode = word(serde_json::json!(settings.decode));
    let model = &collection.model.capabilities().model;
    format!("{model}, agent {}, actor {actor}, decode {decode}", settings.agent.name())
}

/// What it would need.
pub(crate) fn estimate(collection: &Collection<'_>) -> Result<Estimate, Failure> {
    Ok(::agents::estimate(collection)?)
}

#[cfg(test)]
mod tests;
