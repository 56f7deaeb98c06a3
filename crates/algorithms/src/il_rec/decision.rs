//! One decision with what learning needs of it.

use kernels::softmax_in_place;
use mdp::{ItemIdx, ItemSet, Rng};
use ranking::{Actor, View, draw, most_probable};
use representation::N_FEATURES;

/// What one decision leaves for learning: with it, gradients need no second look at the catalogue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decision {
    /// The item.
    pub item: ItemIdx,
    /// log pi(item | state).
    pub log_prob: f32,
    /// Features of the chosen item.
    pub chosen: [f32; N_FEATURES],
    /// Mean features under pi: the gradient of log pi is `chosen - expected`.
    pub expected: [f32; N_FEATURES],
    /// Gradient of the entropy of pi by the weights.
    pub entropy_gradient: [f32; N_FEATURES],
    /// Entropy of pi in nats.
    pub entropy: f32,
}

/// Who chooses the item of a step that is learned from.
#[derive(Debug)]
pub(crate) enum ActionSource<'a> {
    /// The policy, by a draw.
    Policy(&'a mut Rng),
    /// A demonstration: the item is given.
    Demonstration(ItemIdx),
}

/// What a choice is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situated<'a> {
    /// The features.
    pub view: &'a View,
    /// What cannot be shown.
    pub unavailable: &'a ItemSet,
    /// What is added to the logits, `[items]`: a part of the policy, without a gradient of its own.
    pub bias: Option<&'a [f32]>,
}

/// Takes an item and gathers what learning needs.
pub(crate) fn decide(
    actor: &Actor,
    situated: Situated<'_>,
    source: ActionSource<'_>,
    scratch: &mut Vec<f32>,
) -> Decision {
    let Situated { view, unavailable, bias } = situated;
    actor.logits(view, unavailable, scratch);
    if let Some(bias) = bias {
        kernels::add_scaled(scratch, 1.0, bias);
    }
    let best = most_probable(scratch);
    let log_sum = softmax_in_place(scratch);
    let item = match source {
        ActionSource::Demonstration(item) => item,
        ActionSource::Policy(rng) => draw(scratch, rng).unwrap_or(best),
    };
    let n_items = scratch.len();
    let weights = actor.weights(&view.state);
    let columns = || view.columns.chunks_exact(n_items);
    let mut expected = [0.0; N_FEATURES];
    columns().zip(&mut expected).for_each(|(column, e)| *e = kernels::dot(scratch, column));
    let mut mean_logit: f32 = expected.iter().zip(&weights).map(|(e, w)| e * w).sum();
    let chosen: [f32; N_FEATURES] = std::array::from_fn(|k| view.columns[k * n_items + item.index()]);
    let mut logit: f32 = chosen.iter().zip(&weights).map(|(x, w)| x * w).sum();
    let mut centred = vec![0.0; n_items];
    if let Some(bias) = bias {
        mean_logit += kernels::dot(scratch, bias);
        logit += bias[item.index()];
        centred.copy_from_slice(bias);
    }
    centred.iter_mut().for_each(|z| *z -= mean_logit);
    let entropy_gradient = entropy_gradient(view, &weights, scratch, centred, &expected);
    let entropy = log_sum - mean_logit;
    Decision { item, log_prob: logit - log_sum, chosen, expected, entropy_gradient, entropy }
}

/// dH/dw = -Cov(logit, feature) under pi. `logits` holds what is not of the features: the bias less the mean logit. Overwrites
/// the probabilities.
fn entropy_gradient(
    view: &View,
    weights: &[f32; N_FEATURES],
    probabilities: &mut [f32],
    mut logits: Vec<f32>,
    expected: &[f32; N_FEATURES],
) -> [f32; N_FEATURES] {
    let n_items = probabilities.len();
    for (column, &weight) in view.columns.chunks_exact(n_items).zip(weights) {
        kernels::add_scaled(&mut logits, weight, column);
    }
    probabilities.iter_mut().zip(&logits).for_each(|(p, z)| *p *= z);
    let total: f32 = probabilities.iter().sum();
    std::array::from_fn(|k| {
        let column = &view.columns[k * n_items..(k + 1) * n_items];
        expected[k] * total - kernels::dot(probabilities, column)
    })
}
