//! Two policies in the same draws.

use super::distributions::t_two_sided;
use super::draw::{self, Draw};
use super::interval::{OverDraws, mean_over_draws};
use crate::{BootstrapPlan, EvaluationError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much more one policy is worth than another, paired by draw and user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// The policy whose advantage this is.
    pub policy: String,
    /// The policy it is compared with.
    pub against: String,
    /// How many users both have in each draw, in the order of the draws of `policy`.
    pub users: Vec<usize>,
    /// The difference, positive where `policy` is better.
    pub difference: OverDraws,
    /// Two-sided p value of no difference: Student's t over draws.
    pub p: f64,
}

/// The paired contrast of two policies, each with its name. In every draw the difference is taken user by user over the
/// users that both have there.
///
/// # Errors
/// If the two do not have the same draws (to leave out those in which one of them failed would flatter it), a draw has no
/// common user, or what [`mean_over_draws`] refuses.
pub fn contrast(
    (policy, a): (&str, &[Draw]),
    (against, b): (&str, &[Draw]),
    plan: &BootstrapPlan,
) -> Result<Contrast, EvaluationError> {
    draw::check(a)?;
    draw::check(b)?;
    let of_b: BTreeMap<_, &Draw> = b.iter().map(|draw| (draw.key(), draw)).collect();
    let differ = |draw: &Draw| EvaluationError::DrawsDiffer {
        a: policy.to_owned(),
        b: against.to_owned(),
        draw: draw.name(),
    };
    let paired = a.iter().map(|ours| {
        let theirs = of_b.get(&ours.key()).ok_or_else(|| differ(ours))?;
        let both = ours
            .values
            .iter()
            .filter_map(|(user, value)| theirs.values.get(user).map(|other| (user.clone(), value - other)));
        Ok(Draw { values: both.collect(), ..ours.clone() })
    });
    let differences = paired.collect::<Result<Vec<Draw>, EvaluationError>>()?;
    if let Some(alone) = b.iter().find(|theirs| a.iter().all(|ours| ours.key() != theirs.key())) {
        return Err(differ(alone));
    }
    let users = differences.iter().map(|draw| draw.values.len()).collect();
    let difference = mean_over_draws(&differences, plan)?;
    let p = p_value(&difference);
    Ok(Contrast { policy: policy.to_owned(), against: against.to_owned(), users, difference, p })
}

/// Without any deviation nothing is left to chance: 1 where there is no difference, else 0.
fn p_value(difference: &OverDraws) -> f64 {
    let mean = difference.student_t.mean;
    if mean == 0.0 {
        return 1.0;
    }
    t_two_sided(mean / difference.standard_error(), difference.means.len() - 1)
}
