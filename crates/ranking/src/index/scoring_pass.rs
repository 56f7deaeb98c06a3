//! What an actor sees of all items in the state of a session.

use super::belief::Quadratic;
use super::buffer_pool::Column;
use super::recent::{Recent, Scratch};
use super::{RankingIndex, TILE};
use crate::actor::Actor;
use crate::hazard::QuitHazard;
use crate::tracker::{
    LARGEST_LOGIT, LOWEST_BEST, LOWEST_LOG_STAY, SAFE_LOG_STAY, over_columns, perceptron, saturation_columns,
};
use kernels::{largest_where, logarithms, multiply, negate, one_plus_exp};
use mdp::ItemSet;
use representation::{FAR, Feature, N_FEATURES, N_STATE, RECENT, SessionState};

/// The features of all items in the state of a session and how much each counts, but for the match of texts.
#[derive(Debug)]
pub struct ScoringPass<'a> {
    pub(super) index: &'a RankingIndex,
    pub(super) session: &'a SessionState,
    /// Features of the state.
    pub state: [f32; N_STATE],
    /// What each feature counts.
    pub weights: [f32; N_FEATURES],
    /// Columns in which items of a group differ, in order of place.
    pub(super) by_place: Vec<(Feature, Column)>,
    /// Columns in which they do not, `[groups]`.
    pub(super) by_group: Vec<(Feature, Vec<f32>)>,
    /// What is the same for every item.
    pub(super) everywhere: Vec<(Feature, f32)>,
}

/// In order of place. Without anything shown, every item is far from it, and there is no last column.
#[derive(Debug, Default)]
struct Columns {
    predicted: Column,
    deviation: Column,
    log_stay: Column,
    nearest: Column,
}

impl RankingIndex {
    /// Looks at all items. Without a hazard, nothing is known about leaving. What is in `unavailable` does not count
    /// in the state's features.
    pub fn scoring_pass<'a>(
        &'a self,
        session: &'a SessionState,
        (hazard, actor): (Option<&QuitHazard>, &Actor),
        unavailable: &ItemSet,
    ) -> ScoringPass<'a> {
        let saturation = session.saturation(&self.items);
        let columns = self.columns(session, hazard, &saturation_columns(&saturation));
        let state = self.state(session, &columns, unavailable);
        let weights = actor.weights(&state);
        let Columns { predicted, deviation, log_stay, nearest } = columns;
        let mut by_place = vec![
            (Feature::PredictedReward, predicted),
            (Feature::Uncertainty, deviation),
            (Feature::LogStay, log_stay),
        ];
        let mut everywhere = Vec::new();
        if nearest.is_empty() {
            everywhere.push((Feature::Distance, FAR));
        } else {
            by_place.push((Feature::Distance, nearest));
        }
        let recent = saturation.iter().map(|row| row[RECENT - 1]).collect();
        let by_group =
            vec![(Feature::ContentMatch, session.content_match(&self.items)), (Feature::Saturation, recent)];
        ScoringPass { index: self, session, state, weights, by_place, by_group, everywhere }
    }

    fn columns(
        &self,
        session: &SessionState,
        hazard: Option<&QuitHazard>,
        saturation: &[Vec<f32>],
    ) -> Columns {
        let n_items = self.order.len();
        let belief = Quadratic::new(self, session);
        let leaving = hazard.map(|hazard| {
            let mut by_group = vec![0.0; self.n_of_group.len()];
            over_columns(saturation, &hazard.saturation, &mut by_group);
            one_plus_exp(&mut by_group, LARGEST_LOGIT);
            (hazard, by_group)
        });
        let recent = Recent::new(self, session);
        let nothing_near = hazard.map(|hazard| {
            let mut out = [0.0];
            perceptron(&hazard.nearness, &[&[FAR], &[FAR], &[0.0], &[0.0]], &mut out);
            one_plus_exp(&mut out, LARGEST_LOGIT);
            out[0]
        });
        let mut columns = Columns {
            predicted: Column::unwritten(n_items),
            deviation: Column::unwritten(n_items),
            log_stay: Column::filled(0.0, n_items),
            nearest: Column::unwritten(if recent.is_empty() { 0 } else { n_items }),
        };
        let mut scratch = Scratch::default();
        for tile in &self.tiles {
            let places = tile.places.clone();
            let n = places.len();
            let predicted = &mut columns.predicted[places.clone()];
            let deviation = &mut columns.deviation[places.clone()];
            belief.fill(self, tile, (predicted, deviation), &mut scratch.row);
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
                    one_plus_exp(near, LARGEST_LOGIT);
                }
            }
            let log_stay = &mut columns.log_stay[places];
            perceptron(&hazard.dislike, &[predicted, deviation], log_stay);
            one_plus_exp(log_stay, LARGEST_LOGIT);
            let mut by_saturation = [0.0; TILE];
            tile.spread(by_group, &mut by_saturation[..n]);
            multiply(log_stay, near, &by_saturation[..n]);
            logarithms(log_stay);
            negate(log_stay, LOWEST_LOG_STAY);
        }
        columns
    }

    fn state(&self, session: &SessionState, columns: &Columns, unavailable: &ItemSet) -> [f32; N_STATE] {
        let mut is_free = Column::filled(1.0, self.order.len());
        unavailable.iter().for_each(|item| is_free[self.place(item)] = 0.0);
        let safe = (&*is_free, &*columns.log_stay, SAFE_LOG_STAY);
        let (n_safe, best) = largest_where(safe, &columns.predicted, LOWEST_BEST);
        let n_free = self.order.len() - unavailable.len();
        session.state(n_safe as f32 / (n_free as f32).max(1.0), best)
    }
}
