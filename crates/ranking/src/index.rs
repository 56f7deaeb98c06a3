//! The items laid out for ranking: the same formula as [`crate::Tracker`] and [`crate::View`], without a column over
//! the catalogue for each session and each weight of a belief.
//!
//! Items stand in order of their groups (equal sets of categories). Most columns of the taste model say something
//! about categories alone, so they are worked out once a group; what is left are a few columns that stay in the cache
//! nearest to a core, gone through tile by tile. The text of an item is looked at where it can still change who is
//! among the best. The tracker is the oracle: scores agree to within rounding.

mod belief;
mod best;
mod buffer_pool;
mod recent;
mod scoring_pass;
mod split;

pub use scoring_pass::ScoringPass;

use mdp::ItemIdx;
use representation::ItemTable;
use split::Split;
use std::ops::Range;
use std::sync::Arc;

/// The items in order of their groups.
#[derive(Clone, Debug)]
pub struct RankingIndex {
    items: Arc<ItemTable>,
    /// The item at each place, and the place of each item.
    order: Vec<u32>,
    place_of: Vec<u32>,
    tiles: Vec<Tile>,
    taste: Split,
    behavior: Split,
    fixed: Split,
    offsets: Vec<f32>,
    behavior_squares: Vec<f32>,
    n_of_group: Vec<f32>,
    text_sum: Vec<f32>,
    longest_text: f32,
}

/// Some consecutive places, and which groups they belong to.
#[derive(Clone, Debug)]
struct Tile {
    places: Range<usize>,
    /// Groups with where they end in the tile.
    runs: Vec<(u32, u32)>,
}

/// Places per tile: a dozen columns of it fit into the nearest cache.
const TILE: usize = 512;

impl RankingIndex {
    /// Lays items out.
    ///
    /// # Errors
    /// When a number is not finite.
    pub fn new(items: Arc<ItemTable>) -> Result<Self, String> {
        let n_items = items.n_items();
        let mut order: Vec<u32> = (0..n_items as u32).collect();
        order.sort_by_key(|&item| items.group_of[item as usize]);
        let mut place_of = vec![0; n_items];
        order.iter().zip(0u32..).for_each(|(&item, place)| place_of[item as usize] = place);
        let in_order = |column: &[f32]| order.iter().map(|&item| column[item as usize]).collect::<Vec<f32>>();
        let mut text_sum = vec![0.0; items.text_width];
        let mut longest_square = 0.0f32;
        for row in items.texts.chunks_exact(items.text_width) {
            kernels::add_scaled(&mut text_sum, 1.0, row);
            longest_square = longest_square.max(kernels::dot(row, row));
        }
        let mut n_of_group = vec![0.0; items.groups.len()];
        items.group_of.iter().for_each(|&group| n_of_group[group as usize] += 1.0);
        let whole = (&*items, order.as_slice());
        let index = Self {
            tiles: tiles(&items, &order),
            taste: Split::of(items.taste.columns.chunks_exact(n_items), whole),
            behavior: Split::of(items.behavior.chunks_exact(n_items), whole),
            fixed: Split::of(items.fixed.iter().map(|column| &**column), whole),
            offsets: in_order(&items.taste.offsets),
            behavior_squares: in_order(&items.behavior_squares),
            n_of_group,
            text_sum,
            longest_text: longest_square.sqrt(),
            order,
            place_of,
            items,
        };
        let all = [&index.offsets, &index.behavior_squares, &index.text_sum];
        let are_finite = all.into_iter().flatten().all(|x| x.is_finite())
            && [&index.taste, &index.behavior, &index.fixed].into_iter().all(Split::is_finite);
        if are_finite { Ok(index) } else { Err("an item has a number that is not finite".into()) }
    }

    /// The items.
    pub fn items(&self) -> &ItemTable {
        &self.items
    }

    fn place(&self, item: ItemIdx) -> usize {
        self.place_of[item.index()] as usize
    }
}

impl Tile {
    /// Writes the value of each place's group.
    fn spread(&self, by_group: &[f32], out: &mut [f32]) {
        let mut start = 0;
        for &(group, end) in &self.runs {
            out[start..end as usize].fill(by_group[group as usize]);
            start = end as usize;
        }
    }
}

fn tiles(items: &ItemTable, order: &[u32]) -> Vec<Tile> {
    let tile = |(at, part): (usize, &[u32])| {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (&item, end) in part.iter().zip(1u32..) {
            let group = items.group_of[item as usize];
            match runs.last_mut() {
                Some(last) if last.0 == group => last.1 = end,
                _ => runs.push((group, end)),
            }
        }
        Tile { places: at * TILE..at * TILE + part.len(), runs }
    };
    order.chunks(TILE).enumerate().map(tile).collect()
}

#[cfg(test)]
mod tests;
