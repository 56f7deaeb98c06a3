//! Stage `evaluate`: a policy, a control or a served policy judged as `run` judges.

use crate::failure::Failure;
use evaluation::Evaluation;
use experiment::{Contestant, Domain, Evaluator};
use pipeline::PolicyDirectory;
use server::RemotePolicy;

/// A trained policy as one row.
pub(crate) fn trained(evaluator: &Evaluator, trained: &PolicyDirectory) -> Result<Evaluation, Failure> {
    let PolicyDirectory { policy, record, .. } = trained;
    let contestant = Contestant { training_seed: Some(record.seed), policy: &**policy };
    Ok(evaluator.evaluate(&record.name, &[contestant])?)
}

/// The policy that a server serves, in sessions over HTTP, and its hash.
pub(crate) fn served(
    evaluator: &Evaluator,
    domain: &Domain,
    url: &str,
) -> Result<(Evaluation, String), Failure> {
    let items = domain.dataset.catalogue.items().iter();
    let key = std::env::var("ILREC_API_KEY").ok();
    let policy = RemotePolicy::new(url, key, items.map(|item| item.id.clone()).collect());
    let refused = |why: String| {
        Failure::machine(format!("cannot judge the policy at {url}: {why}"))
            .hint("start it with `ilrec serve`; with --keys, put an API key into ILREC_API_KEY")
    };
    let hash = policy.hash().map_err(refused)?;
    let evaluation = evaluator.evaluate("served", &[Contestant { training_seed: None, policy: &policy }])?;
    if let Some(policies) = policy.mixture(&hash) {
        tracing::warn!(
            "an experiment runs at {url}, or its policy changed meanwhile: what was judged is what {} chose together",
            policies.join(", ")
        );
    }
    match policy.trouble() {
        Some(why) => Err(refused(why)),
        None => Ok((evaluation, hash)),
    }
}
