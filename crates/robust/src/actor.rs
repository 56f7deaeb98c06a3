//! The actor: a small network from the state to how much each item feature counts.

use crate::tracker::{N_FEATURES, N_STATE, View};
use kernels::softmax_in_place;
use mdp::{ItemIdx, ItemSet, Rng};
use nn::Mlp;
use rand::RngExt as _;

/// log pi(item | state) is proportional to the sum of the item's features, weighted by what the network makes of
/// the state. Few parameters, none of them tied to a user or an item, so it works for both when unseen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Actor {
    /// `[N_STATE] -> [hidden] -> [N_FEATURES]`.
    pub network: Mlp,
}

/// How an item is taken from the policy's distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// Drawn.
    Sample,
    /// The most probable.
    Greedy,
}

/// What one decision leaves for learning: with it, gradients need no second look at the catalogue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
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

/// Who takes the item of a step that is learned from.
#[derive(Debug)]
pub(crate) enum Taken<'a> {
    /// The policy, by a draw.
    ByDraw(&'a mut Rng),
    /// An expert: the item is given.
    ByExpert(ItemIdx),
}

const HIDDEN: usize = 16;
/// Initial weight of the predicted reward and of the logarithm of staying: a policy that prefers what is liked
/// and avoids what makes users leave, more so, since leaving ends everything that would follow.
const INITIAL: [f32; N_FEATURES] = [2.0, 0.0, 30.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

impl Actor {
    /// A network whose output starts at the initial weights, the same in every state.
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let mut network = Mlp::new(&[N_STATE, HIDDEN, N_FEATURES], rng);
        let tail = network.parameters.len() - (HIDDEN + 1) * N_FEATURES;
        let (weights, biases) = network.parameters[tail..].split_at_mut(HIDDEN * N_FEATURES);
        weights.iter_mut().for_each(|w| *w *= 0.1);
        biases.copy_from_slice(&INITIAL);
        Self { network }
    }

    /// Feature weights in a state.
    pub(crate) fn weights(&self, state: &[f32; N_STATE]) -> [f32; N_FEATURES] {
        let out = self.network.apply(state);
        std::array::from_fn(|k| out[k])
    }

    /// Logits of every item, minus infinity for `unavailable` ones.
    pub(crate) fn logits(&self, view: &View, unavailable: &ItemSet, out: &mut Vec<f32>) {
        let n_items = view.columns.len() / N_FEATURES;
        out.clear();
        out.resize(n_items, 0.0);
        for (column, weight) in view.columns.chunks_exact(n_items).zip(self.weights(&view.state)) {
            kernels::add_scaled(out, weight, column);
        }
        if unavailable.len() < n_items {
            for (index, z) in out.iter_mut().enumerate() {
                if unavailable.contains(ItemIdx(index as u32)) {
                    *z = f32::NEG_INFINITY;
                }
            }
        }
    }

    /// Chooses an item and gives log pi of a drawn one; a greedy choice is certain, so its logarithm is 0.
    pub(crate) fn choose(
        &self,
        view: &View,
        unavailable: &ItemSet,
        selection: Selection,
        rng: &mut Rng,
        scratch: &mut Vec<f32>,
    ) -> (ItemIdx, f32) {
        self.logits(view, unavailable, scratch);
        let best = most_probable(scratch);
        if selection == Selection::Greedy {
            return (best, 0.0);
        }
        softmax_in_place(scratch);
        let item = draw(scratch, rng).unwrap_or(best);
        (item, scratch[item.index()].ln())
    }

    /// Takes an item and gathers what learning needs.
    pub(crate) fn decide(
        &self,
        view: &View,
        unavailable: &ItemSet,
        taken: Taken<'_>,
        scratch: &mut Vec<f32>,
    ) -> Decision {
        self.logits(view, unavailable, scratch);
        let best = most_probable(scratch);
        let log_sum = softmax_in_place(scratch);
        let item = match taken {
            Taken::ByExpert(item) => item,
            Taken::ByDraw(rng) => draw(scratch, rng).unwrap_or(best),
        };
        let n_items = scratch.len();
        let weights = self.weights(&view.state);
        let columns = || view.columns.chunks_exact(n_items);
        let mut expected = [0.0; N_FEATURES];
        columns().zip(&mut expected).for_each(|(column, e)| *e = kernels::dot(scratch, column));
        let mean_logit: f32 = expected.iter().zip(&weights).map(|(e, w)| e * w).sum();
        let chosen: [f32; N_FEATURES] = std::array::from_fn(|k| view.columns[k * n_items + item.index()]);
        let logit: f32 = chosen.iter().zip(&weights).map(|(x, w)| x * w).sum();
        let entropy_gradient = entropy_gradient(view, &weights, scratch, mean_logit, &expected);
        let entropy = log_sum - mean_logit;
        Decision { item, log_prob: logit - log_sum, chosen, expected, entropy_gradient, entropy }
    }
}

/// dH/dw = -Cov(logit, feature) under pi. Overwrites the probabilities.
fn entropy_gradient(
    view: &View,
    weights: &[f32; N_FEATURES],
    probabilities: &mut [f32],
    mean_logit: f32,
    expected: &[f32; N_FEATURES],
) -> [f32; N_FEATURES] {
    let n_items = probabilities.len();
    let mut logits = vec![-mean_logit; n_items];
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

fn most_probable(logits: &[f32]) -> ItemIdx {
    let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
    ItemIdx(best.map_or(0, |(index, _)| index as u32))
}

fn draw(probabilities: &[f32], rng: &mut Rng) -> Option<ItemIdx> {
    let mut left = rng.random::<f32>();
    let mut last = None;
    for (index, &p) in probabilities.iter().enumerate() {
        if p > 0.0 {
            last = Some(ItemIdx(index as u32));
            left -= p;
            if left <= 0.0 {
                break;
            }
        }
    }
    last
}
