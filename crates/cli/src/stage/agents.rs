//! Stage `demos` with a language model: its agents act in the train world.

use crate::failure::Failure;
use crate::progress::Progress;
use ::agents::{Collection, Estimate, Journal};
use demonstrations::{Demos, Origin};
use llm::Money;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The directory of the run beside the demonstrations it will give.
pub(crate) fn run_folder(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".run");
    out.with_file_name(name)
}

/// Lets the agents act; batches that an earlier, stopped run finished are not played again.
/// `spent` says what was paid so far, where that is known.
pub(crate) fn collect(
    collection: &Collection<'_>,
    inputs: &[&str],
    run: &Path,
    spent: &dyn Fn() -> Option<Money>,
) -> Result<Demos, Failure> {
    collection.check()?;
    let journal = Journal::open(run, &collection.identity(inputs))?;
    let shown = Progress::timed("demonstrations");
    let (clock, mut at_start) = (Instant::now(), None);
    let mut watch = |progress: &::agents::Progress| {
        let first = *at_start.get_or_insert(progress.sessions);
        let left = time_left(progress, first, clock.elapsed());
        let paid = spent().map(|money| format!(", paid {money}")).unwrap_or_default();
        shown.at(progress.sessions as u64, progress.of_sessions as u64, &format!("{progress}{paid}{left}"));
    };
    let collected = ::agents::collect(collection, Some(&journal), &mut watch)?;
    if let Some(why) = collected.report.agents.as_ref().and_then(|account| account.stopped.as_ref()) {
        tracing::warn!("stopped: {why}; what was finished is kept, the same command goes on from there");
    }
    let expert = collection.expert_name();
    let (report, cost) = (Box::new(collected.report), collected.cost);
    Ok(Demos { origin: Origin::Collected { expert, report, cost }, demonstrations: collected.demonstrations })
}

/// What the sessions since the start say about the rest.
fn time_left(progress: &::agents::Progress, first: usize, elapsed: Duration) -> String {
    let done = progress.sessions.saturating_sub(first);
    if done == 0 {
        return String::new();
    }
    let rest = progress.of_sessions.saturating_sub(progress.sessions);
    let seconds = elapsed.as_secs_f64() * rest as f64 / done as f64;
    format!(", about {:.0} min left", (seconds / 60.0).ceil())
}

/// What it would need; what was begun in `run` says it best.
pub(crate) fn estimate(
    collection: &Collection<'_>,
    inputs: &[&str],
    run: &Path,
) -> Result<Estimate, Failure> {
    let journal = Journal::begun(run, &collection.identity(inputs));
    Ok(::agents::estimate(collection, journal.as_ref())?)
}

#[cfg(test)]
mod tests;
