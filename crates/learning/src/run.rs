//! The loop: a round, a validation, a checkpoint; in the end the policy that was worth keeping.

use crate::checkpoint::{self, Kept};
use crate::streams::Streams;
use crate::{Explained, Inputs, Keeps, LearningError, Observer, Progress, Round, Run, TrainedPolicy};
use artefact::Tensors;
use environment::{Start, rollout};
use mdp::Policy;

/// What a run ends with.
pub struct Trained {
    /// The policy.
    pub policy: Box<dyn TrainedPolicy>,
    /// The counters at the end.
    pub progress: Progress,
    /// What it made of the demonstrations, see [`Algorithm::explain`](crate::Algorithm::explain).
    pub explained: Vec<Explained>,
}

/// Runs an algorithm to its end. With `resume`, goes on from a checkpoint of the same inputs, settings and seed, and ends
/// with the same parameters as a run that was never interrupted.
///
/// # Errors
/// When inputs cannot work, the checkpoint does not fit, a term fails, or the observer refuses.
pub fn train(
    mut run: Run<'_>,
    inputs: &Inputs<'_>,
    seed: u64,
    resume: Option<Tensors>,
    observer: &mut dyn Observer,
) -> Result<Trained, LearningError> {
    run.check(inputs)?;
    run.terms.prepare(inputs)?;
    let mut kept = Kept::default();
    if let Some(tensors) = resume {
        kept = checkpoint::restore(&mut run, &tensors, seed)?;
    }
    kept.progress.share_done = run.algorithm.share_done(&kept.progress).min(1.0);
    while kept.progress.share_done < 1.0 {
        let mut round = Round { progress: &mut kept.progress, terms: &mut run.terms, seed };
        let metrics = run.algorithm.round(&mut round)?;
        kept.progress.n_rounds += 1;
        kept.progress.share_done = run.algorithm.share_done(&kept.progress).min(1.0);
        let is_last = kept.progress.share_done >= 1.0;
        let is_validated = is_last || run.algorithm.is_validated(&kept.progress);
        if is_validated {
            validate(&mut run, inputs, seed, &mut kept)?;
        }
        observer.updated(&kept.progress, &metrics, is_validated).map_err(LearningError::Observer)?;
        if is_validated {
            observer.checkpoint(&|| checkpoint::save(&run, &kept, seed)).map_err(LearningError::Observer)?;
        }
    }
    let explained = run.algorithm.explain(&run.terms)?;
    let Kept { progress, best } = kept;
    let parameters = best.unwrap_or_else(|| run.algorithm.parameters());
    Ok(Trained { policy: run.algorithm.policy(parameters)?, progress, explained })
}

/// Takes in the mean return of the validation users, and keeps the parameters if they are the best so far.
fn validate(run: &mut Run<'_>, inputs: &Inputs<'_>, seed: u64, kept: &mut Kept) -> Result<(), LearningError> {
    let plan = run.algorithm.plan();
    let parameters = run.algorithm.parameters();
    let policy = run.algorithm.policy(parameters.clone())?;
    let mean = mean_return(policy.as_ref(), inputs, plan.n_validation_users, seed)?;
    let progress = &mut kept.progress;
    progress.last_validation = Some(mean);
    if progress.best_validation.is_none_or(|best| mean > best) {
        progress.best_validation = Some(mean);
        kept.best = (plan.keeps == Keeps::Best).then_some(parameters);
    }
    Ok(())
}

/// Mean return of the first `most` validation users in the train world: environment rewards, undiscounted, the exit
/// step's included.
fn mean_return(
    policy: &dyn Policy,
    inputs: &Inputs<'_>,
    most: usize,
    seed: u64,
) -> Result<f32, LearningError> {
    let users = &inputs.validation[..most.min(inputs.validation.len())];
    let start = |&(user, history)| Start { user, history, stream: 0 };
    let starts: Vec<Start<'_>> = users.iter().map(start).collect();
    let sessions = rollout(inputs.environment, policy, &starts, Streams::Validation.seed(seed))?;
    let total: f32 = sessions.iter().flat_map(|session| &session.steps).map(|step| step.reward).sum();
    Ok(total / users.len().max(1) as f32)
}
