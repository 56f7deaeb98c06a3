//! Stage `demos` with a language model: its agents act in the train world.

mod watch;

use crate::failure::Failure;
use crate::interrupt;
use ::agents::{Collection, Estimate, Journal, Losses};
use demonstrations::AgentAccount;
use experiment::{AgentDemonstrations, Domain, collect_from_agents};
use llm::Ledger;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use watch::{Ticker, Watch};

/// The directory of the run beside the demonstrations it will give.
pub(crate) fn run_folder(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".run");
    out.with_file_name(name)
}

/// Lets the agents act; batches that an earlier, stopped run finished are not played again. The ledger is where the
/// models of the run book what they answer.
pub(crate) fn collect(
    domain: &Domain,
    collection: &Collection<'_>,
    run: &Path,
    ledger: Arc<Ledger>,
) -> Result<AgentDemonstrations, Failure> {
    collection.check()?;
    let journal = Journal::of(run, collection, &domain.hashes())?;
    let watch = Arc::new(Watch::new(collection.settings.n_episodes, ledger, run));
    let seen = Arc::clone(&watch);
    let _last_word = interrupt::last_word(move || seen.last_word());
    let ticker = Ticker::start(Arc::clone(&watch));
    let collected = collect_from_agents(collection, &journal, &mut |progress| watch.told(progress));
    drop(ticker);
    let collected = collected?;
    watch.ended();
    tell(&collected.losses, collected.account());
    Ok(collected)
}

/// Says what is missing, and what to do about it.
fn tell(losses: &Losses, account: Option<&AgentAccount>) {
    if !losses.is_any() {
        tracing::info!("{losses}");
        return;
    }
    for (agent, calls) in account.iter().flat_map(|account| &account.calls) {
        if calls.failed > 0 {
            tracing::warn!("{agent}: {} of {} calls failed", calls.failed, calls.failed + calls.answered);
        }
    }
    let advice = match losses {
        Losses { is_out_of_budget: true, .. } => "; with a larger budget the same command goes on from there",
        losses if losses.goes_on() => "; what was answered is kept, the same command asks for the rest only",
        _ => "",
    };
    tracing::warn!("{losses}{advice}");
}

/// Whether a run was begun in `run`: this one, or another, which is refused when it is opened.
pub(crate) fn is_begun(run: &Path) -> bool {
    run.join("run.json").is_file()
}

/// What it would need; what was begun in `run` says it best.
pub(crate) fn estimate(
    domain: &Domain,
    collection: &Collection<'_>,
    run: &Path,
) -> Result<Estimate, Failure> {
    let journal = Journal::begun(run, &collection.identity(&domain.hashes()));
    Ok(::agents::estimate(collection, journal.as_ref())?)
}

#[cfg(test)]
mod tests;
