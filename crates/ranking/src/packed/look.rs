//! What an actor sees of all items in a situation.

use super::{Packed, TILE, Tile};
use crate::actor::Actor;
use crate::hazard::{N_NEARNESS, QuitHazard};
use crate::situation::Situation;
use crate::tracker::{
    FAR, LARGEST_LOGIT, LOWEST_BEST, LOWEST_LOG_STAY, N_FEATURES, N_STATE, RECENT, SAFE_LOG_STAY,
    over_columns, perceptron, saturation_columns,
};
use kernels::{add_product, add_scaled, exp_in_place, keep_two_smallest, logarithms, square_roots};
use mdp::{ItemIdx, ItemSet};

/// The features of all items in a situation and how much each counts, but for the match of texts.
#[derive(Debug)]
pub struct Look<'a> {
    pub(super) packed: &'a Packed,
    pub(super) situation: &'a Situation,
    /// Features of the state.
    pub state: [f32; N_STATE],
    /// What each feature counts.
    pub weights: [f32; N_FEATURES],
    pub(super) columns: Columns,
    pub(super) content: Vec<f32>,
    pub(super) saturation: Vec<f32>,
}

/// In order of place. Without anything shown, every item is far from it, and there is no last column.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) predicted: Vec<f32>,
    pub(super) deviation: Vec<f32>,
    pub(super) log_stay: Vec<f32>,
    pub(super) nearest: Vec<f32>,
}

/// Where the features are.
pub(super) const PREDICTED: usize = 0;
pub(super) const DEVIATION: usize = 1;
pub(super) const LOG_STAY: usize = 2;
pub(super) const FIXED: usize = 3;
pub(super) const CONTENT: usize = 7;
pub(super) const NEAREST: usize = 8;
pub(super) const SATURATION: usize = 9;
pub(super) const TEXT: usize = 10;

impl Packed {
    /// Looks at all items. Without a hazard, nothing is known about leaving. What is in `unavailable` does not count
    /// in the state's features.
    pub fn look<'a>(
        &'a self,
        situation: &'a Situation,
        (hazard, actor): (Option<&QuitHazard>, &Actor),
        unavailable: &ItemSet,
    ) -> Look<'a> {
        let saturation = situation.saturation(&self.items);
        let columns = self.columns(situation, hazard, &saturation_columns(&saturation));
        let state = self.state(situation, &columns, unavailable);
        Look {
            packed: self,
            situation,
            state,
            weights: actor.weights(&state),
            columns,
            content: situation.content_match(&self.items),
            saturation: saturation.iter().map(|row| row[RECENT - 1]).collect(),
        }
    }

    fn columns(
        &self,
        situation: &Situation,
        hazard: Option<&QuitHazard>,
        saturation: &[Vec<f32>],
    ) -> Columns {
        let n_items = self.order.len();
        let belief = Quadratic::new(self, situation);
        let leaving = hazard.map(|hazard| {
            let mut by_group = vec![0.0; self.n_of_group.len()];
            over_columns(saturation, &hazard.saturation, &mut by_group);
            odds(&mut by_group);
            (hazard, by_group)
        });
        let recent = Recent::new(self, situation);
        let nothing_near = hazard.map(|hazard| {
            let mut out = [0.0];
            perceptron(&hazard.nearness, &[&[FAR], &[FAR], &[0.0], &[0.0]], &mut out);
            odds(&mut out);
            out[0]
        });
        let mut columns = Columns {
            predicted: vec![0.0; n_items],
            deviation: vec![0.0; n_items],
            log_stay: vec![0.0; n_items],
            nearest: vec![0.0; if recent.is_empty() { 0 } else { n_items }],
        };
        let mut scratch = Scratch::default();
        for tile in &self.tiles {
            let places = tile.places.clone();
            let n = places.len();
            let predicted = &mut columns.predicted[places.clone()];
            let deviation = &mut columns.deviation[places.clone()];
            belief.fill(self, tile, (predicted, deviation), &mut scratch.spare);
            let nearness = recent.fill(self, tile, &mut scratch);
            if let Some(nearest) = columns.nearest.get_mut(places.clone()) {
                nearest.copy_from_slice(nearness[0]);
            }
            let Some((hazard, by_group)) = &leaving else { continue };
            let mut near = [0.0; TILE];
            let near = &mut near[..n];
            match nothing_near {
                Some(odds) if recent.is_empty() => near.fill(odds),
                _ => {
                    perceptron(&hazard.nearness, &nearness, near);
                    odds(near);
                }
            }
            let log_stay = &mut columns.log_stay[places];
            perceptron(&hazard.dislike, &[predicted, deviation], log_stay);
            odds(log_stay);
            let mut by_saturation = [0.0; TILE];
            tile.spread(by_group, &mut by_saturation[..n]);
            for ((x, near), group) in log_stay.iter_mut().zip(near).zip(&by_saturation) {
                *x = *x * *near * group;
            }
            logarithms(log_stay);
            log_stay.iter_mut().for_each(|x| *x = if -*x > LOWEST_LOG_STAY { -*x } else { LOWEST_LOG_STAY });
        }
        columns
    }

    fn state(&self, situation: &Situation, columns: &Columns, unavailable: &ItemSet) -> [f32; N_STATE] {
        let (mut n_safe, mut best) = (0.0f32, LOWEST_BEST);
        let mut is_free = vec![1.0f32; self.order.len()];
        unavailable.iter().for_each(|item| is_free[self.place(item)] = 0.0);
        for ((&free, &log_stay), &reward) in is_free.iter().zip(&columns.log_stay).zip(&columns.predicted) {
            let is_safe = free > 0.0 && log_stay > SAFE_LOG_STAY;
            n_safe += if is_safe { 1.0 } else { 0.0 };
            let candidate = if is_safe { reward } else { LOWEST_BEST };
            best = if candidate > best { candidate } else { best };
        }
        let n_free = self.order.len() - unavailable.len();
        situation.state(n_safe / (n_free as f32).max(1.0), best)
    }
}

/// One over the probability of staying, from a logit of leaving.
fn odds(logits: &mut [f32]) {
    logits.iter_mut().for_each(|z| *z = z.min(LARGEST_LOGIT));
    exp_in_place(logits);
    logits.iter_mut().for_each(|z| *z += 1.0);
}

#[derive(Debug)]
struct Scratch {
    spare: [f32; TILE],
    nearness: [[f32; TILE]; N_NEARNESS],
}

impl Default for Scratch {
    fn default() -> Self {
        Self { spare: [0.0; TILE], nearness: [[0.0; TILE]; N_NEARNESS] }
    }
}

/// A belief, its shared part worked out by group: mean m.x and variance x'Cx.
struct Quadratic<'a> {
    mean: &'a [f32],
    covariance: &'a [f32],
    mean_by_group: Vec<f32>,
    /// For each own column: twice its covariance with the shared ones.
    mixed_by_group: Vec<Vec<f32>>,
    variance_by_group: Vec<f32>,
}

impl<'a> Quadratic<'a> {
    fn new(packed: &Packed, situation: &'a Situation) -> Self {
        let belief = &situation.belief;
        let (width, n_groups) = (belief.mean.len(), packed.n_of_group.len());
        let both = |a: usize, b: usize| belief.covariance[a * width + b] + belief.covariance[b * width + a];
        let taste = &packed.taste;
        let mixed = |(own, _): &(usize, Vec<f32>)| taste.product(|shared| both(*own, shared), n_groups);
        let mut variance = vec![0.0; n_groups];
        let mut row = vec![0.0; n_groups];
        for (at, (a, column)) in taste.shared.iter().enumerate() {
            row.fill(0.0);
            add_scaled(&mut row, belief.covariance[a * width + a], column);
            for (b, other) in &taste.shared[..at] {
                add_scaled(&mut row, both(*a, *b), other);
            }
            add_product(&mut variance, &row, column);
        }
        Self {
            mean: &belief.mean,
            covariance: &belief.covariance,
            mean_by_group: taste.product(|shared| belief.mean[shared], n_groups),
            mixed_by_group: taste.own.iter().map(mixed).collect(),
            variance_by_group: variance,
        }
    }

    fn fill(&self, packed: &Packed, tile: &Tile, out: (&mut [f32], &mut [f32]), spare: &mut [f32; TILE]) {
        let (predicted, deviation) = out;
        let places = tile.places.clone();
        let spare = &mut spare[..places.len()];
        let width = self.mean.len();
        let both = |a: usize, b: usize| self.covariance[a * width + b] + self.covariance[b * width + a];
        tile.spread(&self.mean_by_group, predicted);
        tile.spread(&self.variance_by_group, deviation);
        for (at, ((a, column), mixed)) in packed.taste.own.iter().zip(&self.mixed_by_group).enumerate() {
            let column = &column[places.clone()];
            add_scaled(predicted, self.mean[*a], column);
            tile.spread(mixed, spare);
            add_scaled(spare, self.covariance[a * width + a], column);
            for (b, other) in &packed.taste.own[..at] {
                add_scaled(spare, both(*a, *b), &other[places.clone()]);
            }
            add_product(deviation, spare, column);
        }
        add_scaled(predicted, 1.0, &packed.offsets[places]);
        square_roots(deviation);
    }
}

/// The items shown last, and the shared part of their products with all others by group.
struct Recent<'a> {
    situation: &'a Situation,
    items: Vec<(usize, Vec<f32>)>,
}

impl<'a> Recent<'a> {
    fn new(packed: &Packed, situation: &'a Situation) -> Self {
        let n_items = packed.order.len();
        let one = |item: &ItemIdx| {
            let weight = |column: usize| -2.0 * packed.items.behavior[column * n_items + item.index()];
            (packed.place(*item), packed.behavior.product(weight, packed.n_of_group.len()))
        };
        let items = situation.shown.iter().rev().take(RECENT).map(one).collect();
        Self { situation, items }
    }

    fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Smallest and second smallest distance, largest and second largest text similarity.
    fn fill<'s>(&self, packed: &Packed, tile: &Tile, scratch: &'s mut Scratch) -> [&'s [f32]; N_NEARNESS] {
        let places = tile.places.clone();
        let n = places.len();
        let Scratch { spare, nearness } = scratch;
        let [nearest, second, most_alike, second_alike] = nearness;
        if !self.is_empty() {
            // Squares keep the order: two roots an item instead of one for each item shown.
            nearest.fill(FAR * FAR);
            second.fill(FAR * FAR);
            for (place, by_group) in &self.items {
                let row = &mut spare[..n];
                tile.spread(by_group, row);
                for (_, column) in &packed.behavior.own {
                    add_scaled(row, -2.0 * column[*place], &column[places.clone()]);
                }
                add_scaled(row, 1.0, &packed.behavior_squares[places.clone()]);
                let own = packed.behavior_squares[*place];
                row.iter_mut().for_each(|x| *x += own);
                keep_two_smallest(row, &mut nearest[..n], &mut second[..n]);
            }
            square_roots(&mut nearest[..n]);
            square_roots(&mut second[..n]);
            most_alike.fill(0.0);
            second_alike.fill(0.0);
            for row in &self.situation.similarities {
                let in_order = packed.order[places.clone()].iter().map(|&item| row[item as usize]);
                for ((x, alike), next) in in_order.zip(&mut *most_alike).zip(&mut *second_alike) {
                    *next = next.max(x.min(*alike));
                    *alike = alike.max(x);
                }
            }
        }
        [&nearest[..n], &second[..n], &most_alike[..n], &second_alike[..n]]
    }
}
