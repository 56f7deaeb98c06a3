//! How near all items are to those shown last.

use super::{RankingIndex, TILE, Tile};
use kernels::{add_scaled, keep_two_smallest, square_roots};
use mdp::ItemIdx;
use representation::{FAR, N_NEARNESS, RECENT, SessionState};

#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) row: [f32; TILE],
    nearness: [[f32; TILE]; N_NEARNESS],
}

impl Default for Scratch {
    fn default() -> Self {
        Self { row: [0.0; TILE], nearness: [[0.0; TILE]; N_NEARNESS] }
    }
}

/// The items shown last, and the shared part of their products with all others by group.
pub(super) struct Recent<'a> {
    session: &'a SessionState,
    items: Vec<(usize, Vec<f32>)>,
}

impl<'a> Recent<'a> {
    pub(super) fn new(index: &RankingIndex, session: &'a SessionState) -> Self {
        let n_items = index.order.len();
        let one = |item: &ItemIdx| {
            let weight = |column: usize| -2.0 * index.items.behavior[column * n_items + item.index()];
            (index.place(*item), index.behavior.product(weight))
        };
        let items = session.shown().iter().rev().take(RECENT).map(one).collect();
        Self { session, items }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Smallest and second smallest distance, largest and second largest text similarity.
    pub(super) fn fill<'s>(
        &self,
        index: &RankingIndex,
        tile: &Tile,
        scratch: &'s mut Scratch,
    ) -> [&'s [f32]; N_NEARNESS] {
        let places = tile.places.clone();
        let n = places.len();
        let Scratch { row, nearness } = scratch;
        let [nearest, second, most_alike, second_alike] = nearness;
        if !self.is_empty() {
            // Squares keep the order: two roots an item instead of one for each item shown.
            nearest.fill(FAR * FAR);
            second.fill(FAR * FAR);
            for (place, by_group) in &self.items {
                let row = &mut row[..n];
                tile.spread(by_group, row);
                for (_, column) in &index.behavior.own {
                    add_scaled(row, -2.0 * column[*place], &column[places.clone()]);
                }
                add_scaled(row, 1.0, &index.behavior_squares[places.clone()]);
                let own = index.behavior_squares[*place];
                row.iter_mut().for_each(|x| *x += own);
                keep_two_smallest(row, &mut nearest[..n], &mut second[..n]);
            }
            square_roots(&mut nearest[..n]);
            square_roots(&mut second[..n]);
            most_alike.fill(0.0);
            second_alike.fill(0.0);
            for row in self.session.similarities() {
                let in_order = index.order[places.clone()].iter().map(|&item| row[item as usize]);
                for ((x, alike), next) in in_order.zip(&mut *most_alike).zip(&mut *second_alike) {
                    *next = next.max(x.min(*alike));
                    *alike = alike.max(x);
                }
            }
        }
        [&nearest[..n], &second[..n], &most_alike[..n], &second_alike[..n]]
    }
}
