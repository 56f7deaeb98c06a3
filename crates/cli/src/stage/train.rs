//! Stage `train`: progress for people, and the working directory of a run that goes on from a checkpoint.

use crate::failure::Failure;
use crate::progress::Progress as Bar;
use artefact::Claim;
use learning::Progress;
use pipeline::{Found, PolicyDirectory, Resume, TrainingJob, Working};
use serde::Serialize;

/// Trains and writes the policy's directory. With `resume`, goes on from the checkpoint of an interrupted run.
pub(crate) fn train(job: &TrainingJob<'_>, claim: &Claim, resume: bool) -> Result<PolicyDirectory, Failure> {
    let working = working(job, claim, resume)?;
    let bar = Bar::new(&format!("train {}", job.name));
    let mut watch = |progress: &Progress, seconds| show(&bar, progress, seconds);
    let trained = job.train(claim, &working, &|_| None, &mut watch)?;
    working.remove()?;
    Ok(trained)
}

/// Opens the working directory of these inputs, settings and seed.
fn working(job: &TrainingJob<'_>, claim: &Claim, resume: bool) -> Result<Working, Failure> {
    let environment = format!("{:?}", job.inputs.environment);
    let values = artefact::canonical(job.settings.value());
    let key = key(&(job.made_of, job.entry.name, values, job.seed, environment));
    let out = claim.path();
    let place = Working::place(out);
    match (resume, Working::found(out, &key)) {
        (true, Found::Nothing) => {
            tracing::warn!("no checkpoint to go on from, training starts at 0: {}", place.display());
        }
        (false, Found::Same) => tracing::warn!(
            "training starts at 0, without the checkpoint of the same settings (--resume goes on from it): {}",
            place.display()
        ),
        _ => {}
    }
    let resume = if resume { Resume::Demanded } else { Resume::Never };
    let working = Working::open(out, &key, resume)?;
    let beside = crate::shell::path(&place);
    tracing::info!("metrics until it is done: {beside} (tensorboard --logdir {beside})");
    Ok(working)
}

/// Parts of the planned work that a bar shows.
const PARTS: f64 = 10_000.0;

/// Shows how far a run is.
pub(crate) fn show(bar: &Bar, progress: &Progress, seconds: f64) {
    bar.at((progress.share_done * PARTS) as u64, PARTS as u64, &note(progress, seconds));
}

/// What there is to say of a run that goes on: the present validation and the best so far, since the best alone would look
/// as if nothing more was learned.
fn note(progress: &Progress, seconds: f64) -> String {
    let per_second = |n: u64| n as f64 / seconds.max(1e-9);
    let validated = match (progress.last_validation, progress.best_validation) {
        (Some(now), Some(best)) => format!(", validation {now:.1} (best {best:.1})"),
        _ => String::new(),
    };
    match progress.n_env_steps {
        0 => format!(
            "{} rounds without a session, {:.0} gradient steps/s{validated}",
            progress.n_rounds,
            per_second(progress.n_gradient_steps)
        ),
        n => format!("{:.0} steps/s, return {:.1}{validated}", per_second(n), progress.mean_return),
    }
}

/// The hash of plain data.
fn key(value: &impl Serialize) -> String {
    let text = serde_json::to_vec(value).expect("keys are made of plain data");
    blake3::hash(&text).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_names_the_present_validation_and_the_best() {
        let mut progress = Progress { n_env_steps: 1000, mean_return: 3.25, ..Progress::default() };
        assert_eq!(note(&progress, 2.0), "500 steps/s, return 3.2");
        (progress.last_validation, progress.best_validation) = (Some(3.0), Some(4.0));
        assert_eq!(note(&progress, 2.0), "500 steps/s, return 3.2, validation 3.0 (best 4.0)");
        (progress.n_env_steps, progress.n_gradient_steps, progress.n_rounds) = (0, 80, 2);
        assert_eq!(
            note(&progress, 2.0),
            "2 rounds without a session, 40 gradient steps/s, validation 3.0 (best 4.0)"
        );
    }
}
