//! The state tracker: from a user's history and the session so far to features of the state and of every item.

use crate::hazard::QuitHazard;
use kernels::{exp_in_place, perceptron_over_columns};
use mdp::{Interaction, ItemIdx, ItemSet};
use nn::Mlp;
use representation::{
    Belief, DISLIKE, FAR, Feature, HazardExample, ItemTable, N_DISCRIMINATED, N_DISLIKE, N_FEATURES,
    N_NEARNESS, N_SATURATION, N_STATE, RECENT, SessionState,
};
use std::ops::Deref;

/// Bound of each input of the discriminator.
const LARGEST_INPUT: f32 = 5.0;
/// Below this the logarithm of staying says "certainly leaves", whatever it says.
pub const LOWEST_LOG_STAY: f32 = -8.0;
/// Above this the logit of a cause of leaving says no more.
pub const LARGEST_LOGIT: f32 = 15.0;
/// Above this logarithm of staying an item counts as safe.
pub const SAFE_LOG_STAY: f32 = -0.1;
/// What the best safe item is worth at least.
pub const LOWEST_BEST: f32 = -2.0;
/// One session's state. The items are borrowed, or shared where the state outlives a function.
#[derive(Clone, Debug)]
pub struct Tracker<T> {
    items: T,
    session: SessionState,
    predicted: Vec<f32>,
    variance: Vec<f32>,
    text_match: Vec<f32>,
    distances: Vec<Vec<f32>>,
}

/// All item features and the state features at one step.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Column-major, `[N_FEATURES, items]`.
    pub columns: Vec<f32>,
    /// Features of the state.
    pub state: [f32; N_STATE],
    saturation: Vec<[f32; N_SATURATION]>,
    nearness: [Vec<f32>; N_NEARNESS],
}

impl View {
    /// One feature of every item, `[items]`.
    pub fn column(&self, feature: Feature) -> &[f32] {
        column(&self.columns, self.columns.len() / N_FEATURES, feature)
    }
}

impl<T: Deref<Target = ItemTable>> Tracker<T> {
    /// Starts a session with what the log says. With `learns_in_session` the rewards of the session move the
    /// belief about the user as the logged ratings did.
    pub fn new(items: T, history: &[Interaction], learns_in_session: bool) -> Self {
        let session = SessionState::new(&items, history, learns_in_session);
        let belief = session.belief();
        let n_items = items.n_items();
        let mut predicted = vec![0.0; n_items];
        items.taste.project(&belief.mean, &mut predicted);
        for (x, offset) in predicted.iter_mut().zip(items.taste.offsets.iter()) {
            *x += offset;
        }
        let variance = variances(&items, belief);
        let text_match = (0..n_items).map(|i| session.text_match(&items, ItemIdx(i as u32))).collect();
        Self { items, session, predicted, variance, text_match, distances: Vec::new() }
    }

    /// Takes in what came of a recommendation.
    pub fn observe(&mut self, item: ItemIdx, reward: f32) {
        let n_items = self.items.n_items();
        if let Some((direction, gain, variance)) = self.session.observe(&self.items, item, reward) {
            let mut moved = vec![0.0; n_items];
            self.items.taste.project(&direction, &mut moved);
            for ((p, v), m) in self.predicted.iter_mut().zip(&mut self.variance).zip(&moved) {
                *p += gain * m;
                *v = (*v - m * m / variance).max(0.0);
            }
        }
        let is_full = self.distances.len() == RECENT;
        let mut row = if is_full { self.distances.remove(0) } else { vec![0.0; n_items] };
        self.items.distances_to(item, &mut row);
        self.distances.push(row);
    }

    /// Computes every feature of this state. Without a hazard, nothing is known about leaving. What is in
    /// `unavailable` does not count in the state's features.
    pub fn view(&self, hazard: Option<&QuitHazard>, unavailable: &ItemSet, view: &mut View) {
        let n_items = self.items.n_items();
        view.columns.resize(N_FEATURES * n_items, 0.0);
        self.nearness(&mut view.nearness);
        view.saturation = self.session.saturation(&self.items);
        for feature in Feature::ALL {
            self.fill(feature, hazard, view);
        }
        view.state = self.state(view, unavailable);
    }

    /// Writes one column.
    fn fill(&self, feature: Feature, hazard: Option<&QuitHazard>, view: &mut View) {
        let (n_items, group_of) = (self.items.n_items(), &self.items.group_of);
        let (before, rest) = view.columns.split_at_mut(feature.index() * n_items);
        let out = &mut rest[..n_items];
        match feature {
            Feature::PredictedReward => out.copy_from_slice(&self.predicted),
            Feature::Uncertainty => out.iter_mut().zip(&self.variance).for_each(|(sd, v)| *sd = v.sqrt()),
            Feature::LogStay => match hazard {
                None => out.fill(0.0),
                Some(hazard) => {
                    let dislike = DISLIKE.map(|feature| column(before, n_items, feature));
                    self.log_stay(hazard, dislike, &view.saturation, &view.nearness, out);
                }
            },
            Feature::ItemOffset | Feature::Popularity | Feature::Breadth | Feature::Crowding => {
                out.copy_from_slice(self.items.fixed(feature).expect("an item table has these columns"));
            }
            Feature::ContentMatch => {
                let content = self.session.content_match(&self.items);
                out.iter_mut().zip(group_of).for_each(|(x, &group)| *x = content[group as usize]);
            }
            Feature::Distance => out.iter_mut().zip(&view.nearness[0]).for_each(|(out, d)| *out = d.min(FAR)),
            Feature::Saturation => {
                let recent = |group: u32| view.saturation[group as usize][RECENT - 1];
                out.iter_mut().zip(group_of).for_each(|(x, &group)| *x = recent(group));
            }
            Feature::TextMatch => out.copy_from_slice(&self.text_match),
        }
    }

    /// The hazard's inputs for one item of a view.
    pub fn hazard_example(&self, view: &View, item: ItemIdx, left: bool) -> HazardExample {
        let index = item.index();
        let nearness = std::array::from_fn(|k| view.nearness[k][index]);
        let dislike = DISLIKE.map(|feature| view.column(feature)[index]);
        let saturation = view.saturation[self.items.group_of[index] as usize];
        HazardExample { saturation, nearness, dislike, left }
    }

    /// The discriminator's inputs for one item of a view, within bounds; of dislike, what is among the features.
    pub fn discriminated(&self, view: &View, item: ItemIdx) -> [f32; N_DISCRIMINATED] {
        let n_items = self.items.n_items();
        let features = view.columns.iter().skip(item.index()).step_by(n_items);
        let hazard = self.hazard_example(view, item, false);
        let text = self.session.liked_text_match(&self.items, item);
        let mut all =
            features.chain(&hazard.saturation).chain(&hazard.nearness).chain(std::iter::once(&text));
        let bounded = |x: &f32| x.clamp(-LARGEST_INPUT, LARGEST_INPUT);
        std::array::from_fn(|_| all.next().map(bounded).expect("as many as the constant says"))
    }

    /// Smallest and second smallest distance, largest and second largest text similarity, to the last four.
    fn nearness(&self, out: &mut [Vec<f32>; N_NEARNESS]) {
        let n_items = self.items.n_items();
        for (column, start) in out.iter_mut().zip([FAR, FAR, 0.0, 0.0]) {
            column.clear();
            column.resize(n_items, start);
        }
        let [nearest, second, most_alike, second_alike] = out;
        for row in &self.distances {
            for ((x, near), next) in row.iter().zip(nearest.iter_mut()).zip(second.iter_mut()) {
                *next = next.min(x.max(*near));
                *near = near.min(*x);
            }
        }
        for row in self.session.similarities() {
            for ((x, alike), next) in row.iter().zip(most_alike.iter_mut()).zip(second_alike.iter_mut()) {
                *next = next.max(x.min(*alike));
                *alike = alike.max(*x);
            }
        }
    }

    fn log_stay(
        &self,
        hazard: &QuitHazard,
        dislike: [&[f32]; N_DISLIKE],
        saturation: &[[f32; N_SATURATION]],
        nearness: &[Vec<f32>; N_NEARNESS],
        out: &mut [f32],
    ) {
        let n_items = out.len();
        let mut by_nearness = vec![0.0; n_items];
        over_columns(&saturation_columns(saturation), &hazard.saturation, out);
        let mut by_group = out[..saturation.len().min(n_items)].to_vec();
        by_group.iter_mut().for_each(|z| *z = z.min(LARGEST_LOGIT));
        exp_in_place(&mut by_group);
        let near: Vec<&[f32]> = nearness.iter().map(Vec::as_slice).collect();
        perceptron(&hazard.nearness, &near, &mut by_nearness);
        perceptron(&hazard.dislike, &dislike, out);
        for z in out.iter_mut().chain(&mut by_nearness) {
            *z = z.min(LARGEST_LOGIT);
        }
        exp_in_place(out);
        exp_in_place(&mut by_nearness);
        for ((x, near), &group) in out.iter_mut().zip(&by_nearness).zip(&self.items.group_of) {
            let odds = (1.0 + *x) * (1.0 + near) * (1.0 + by_group[group as usize]);
            *x = (-odds.ln()).max(LOWEST_LOG_STAY);
        }
    }

    fn state(&self, view: &View, unavailable: &ItemSet) -> [f32; N_STATE] {
        let n_items = self.items.n_items();
        let (reward, log_stay) = (view.column(Feature::PredictedReward), view.column(Feature::LogStay));
        let (mut n_safe, mut n_free, mut best) = (0.0f32, 0.0f32, LOWEST_BEST);
        for index in 0..n_items {
            if !unavailable.contains(ItemIdx(index as u32)) {
                n_free += 1.0;
                if log_stay[index] > SAFE_LOG_STAY {
                    n_safe += 1.0;
                    best = best.max(reward[index]);
                }
            }
        }
        self.session.state(n_safe / n_free.max(1.0), best)
    }
}

/// One of the columns that lie end to end, `[items]`.
fn column(columns: &[f32], n_items: usize, feature: Feature) -> &[f32] {
    &columns[feature.index() * n_items..(feature.index() + 1) * n_items]
}

/// The variance of every item's prediction under a belief: x' C x.
fn variances(items: &ItemTable, belief: &Belief) -> Vec<f32> {
    let n_items = items.n_items();
    let mut out = vec![0.0; n_items];
    let mut projected = vec![0.0; n_items];
    let width = items.taste.width();
    for (k, row) in belief.covariance.chunks_exact(width).enumerate() {
        items.taste.project(row, &mut projected);
        let column = &items.taste.columns[k * n_items..(k + 1) * n_items];
        for ((v, p), x) in out.iter_mut().zip(&projected).zip(column) {
            *v += p * x;
        }
    }
    out.iter_mut().for_each(|v| *v = v.max(0.0));
    out
}

pub(crate) fn saturation_columns(rows: &[[f32; N_SATURATION]]) -> Vec<Vec<f32>> {
    (0..N_SATURATION).map(|k| rows.iter().map(|row| row[k]).collect()).collect()
}

/// Runs a one-hidden-layer perceptron over as many rows as the columns have, into the front of `out`.
pub(crate) fn over_columns(columns: &[Vec<f32>], mlp: &Mlp, out: &mut [f32]) {
    let n_rows = columns[0].len();
    let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
    perceptron(mlp, &columns, &mut out[..n_rows]);
}

pub(crate) fn perceptron(mlp: &Mlp, columns: &[&[f32]], out: &mut [f32]) {
    let (n_inputs, n_hidden) = (mlp.sizes()[0], mlp.sizes()[1]);
    let (first, second) = mlp.parameters.split_at((n_inputs + 1) * n_hidden);
    let first = first.split_at(n_inputs * n_hidden);
    perceptron_over_columns(first, (&second[..n_hidden], second[n_hidden]), columns, out);
}
