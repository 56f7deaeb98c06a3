//! The actor: a small network from the state to how much each item feature counts.

use crate::tracker::View;
use kernels::{log_softmax_in_place, softmax_in_place};
use mdp::{ItemIdx, ItemSet, Rng};
use nn::Mlp;
use rand::RngExt as _;
use representation::{Feature, N_FEATURES, N_STATE};

/// log pi(item | state) is proportional to the sum of the item's features, weighted by what the network makes of
/// the state. Few parameters, none of them tied to a user or an item, so it works for both when unseen.
#[derive(Clone, Debug, PartialEq)]
pub struct Actor {
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

const HIDDEN: usize = 16;
/// Initial weight of the predicted reward and of the logarithm of staying: a policy that prefers what is liked
/// and avoids what makes users leave, more so, since leaving ends everything that would follow.
const INITIAL: [(Feature, f32); 2] = [(Feature::PredictedReward, 2.0), (Feature::LogStay, 30.0)];

impl Actor {
    /// A network whose output starts at the initial weights, the same in every state.
    pub fn new(rng: &mut Rng) -> Self {
        let mut network = Mlp::new(&[N_STATE, HIDDEN, N_FEATURES], rng);
        let tail = network.parameters.len() - (HIDDEN + 1) * N_FEATURES;
        let (weights, biases) = network.parameters[tail..].split_at_mut(HIDDEN * N_FEATURES);
        weights.iter_mut().for_each(|w| *w *= 0.1);
        biases.fill(0.0);
        INITIAL.into_iter().for_each(|(feature, weight)| biases[feature.index()] = weight);
        Self { network }
    }

    /// The same network with an output of zero: every item is as probable as any other, in every state.
    pub fn neutral(rng: &mut Rng) -> Self {
        let mut actor = Self::new(rng);
        let tail = actor.network.parameters.len() - (HIDDEN + 1) * N_FEATURES;
        actor.network.parameters[tail..].fill(0.0);
        actor
    }

    /// Feature weights in a state.
    pub fn weights(&self, state: &[f32; N_STATE]) -> [f32; N_FEATURES] {
        let out = self.network.apply(state);
        std::array::from_fn(|k| out[k])
    }

    /// Logits of every item, minus infinity for `unavailable` ones.
    pub fn logits(&self, view: &View, unavailable: &ItemSet, out: &mut Vec<f32>) {
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
    pub fn choose(
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

    /// The logarithms of the probabilities with which [`Actor::choose`] chooses, `[items]`.
    ///
    /// # Panics
    /// If `out` has another length than the catalogue.
    pub fn log_probs(
        &self,
        view: &View,
        unavailable: &ItemSet,
        selection: Selection,
        scratch: &mut Vec<f32>,
        out: &mut [f32],
    ) {
        self.logits(view, unavailable, scratch);
        match selection {
            Selection::Greedy => {
                out.fill(f32::NEG_INFINITY);
                out[most_probable(scratch).index()] = 0.0;
            }
            Selection::Sample => {
                out.copy_from_slice(scratch);
                log_softmax_in_place(out);
            }
        }
    }
}

/// The item of the highest logit, the first of equals.
pub fn most_probable(logits: &[f32]) -> ItemIdx {
    let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
    ItemIdx(best.map_or(0, |(index, _)| index as u32))
}

/// An item drawn from probabilities; `None` where all are zero.
pub fn draw(probabilities: &[f32], rng: &mut Rng) -> Option<ItemIdx> {
    draw_of(probabilities, 1.0, rng)
}

/// The same from probabilities that sum up to `mass`.
pub fn draw_of(probabilities: &[f32], mass: f32, rng: &mut Rng) -> Option<ItemIdx> {
    let mut left = mass * rng.random::<f32>();
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
