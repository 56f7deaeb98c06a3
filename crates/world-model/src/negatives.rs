//! Sampled cells for the `pointneg` loss.

use crate::{Rating, RatingTable};
use mdp::{ItemIdx, Rng, UserIdx, rng_for};
use rand::RngExt as _;

impl RatingTable {
    /// The same table with one sampled cell of value `target` for every known one: for models that do not
    /// sample as they learn, and for measuring errors where only positives were logged.
    pub fn with_negatives(&self, target: f32, seed: u64) -> Self {
        let mut cells = self.cells.clone();
        if !cells.is_empty() {
            NegativeSampler::new(self, target).extend(&mut cells, &mut rng_for(seed, &[0x6e65_6761]));
        }
        self.with_cells(cells)
    }
}

/// Draws uniformly random cells whose logged value lies below the positive's, giving up after three tries.
///
/// # Source
/// Spec B.2. ROLeR draws from a list made once before training; this draws afresh for every batch.
#[derive(Debug)]
pub(crate) struct NegativeSampler<'a> {
    table: &'a RatingTable,
    /// Known cells of every user, by item.
    known: Vec<Vec<(ItemIdx, f32)>>,
    raters: Vec<UserIdx>,
    target: f32,
}

const N_TRIES: usize = 3;

impl<'a> NegativeSampler<'a> {
    pub(crate) fn new(table: &'a RatingTable, target: f32) -> Self {
        let mut known = vec![Vec::new(); table.n_users];
        for cell in &table.cells {
            known[cell.user.index()].push((cell.item, cell.value));
        }
        known.iter_mut().for_each(|row| row.sort_unstable_by_key(|(item, _)| *item));
        let raters =
            (0..table.n_users as u32).map(UserIdx).filter(|u| !known[u.index()].is_empty()).collect();
        Self { table, known, raters, target }
    }

    /// Appends one negative for every cell of the batch. Users without a logged cell are never drawn: their
    /// rows are to be folded in later.
    pub(crate) fn extend(&self, batch: &mut Vec<Rating>, rng: &mut Rng) {
        for position in 0..batch.len() {
            let limit = batch[position].value;
            let mut cell = self.draw(rng);
            for _ in 1..N_TRIES {
                if self.logged(cell).unwrap_or(0.0) < limit {
                    break;
                }
                cell = self.draw(rng);
            }
            let (user, item) = cell;
            batch.push(Rating { user, item, value: self.target });
        }
    }

    fn draw(&self, rng: &mut Rng) -> (UserIdx, ItemIdx) {
        let user = self.raters[rng.random_range(0..self.raters.len())];
        (user, ItemIdx(rng.random_range(0..self.table.n_items as u32)))
    }

    fn logged(&self, (user, item): (UserIdx, ItemIdx)) -> Option<f32> {
        let row = &self.known[user.index()];
        row.binary_search_by_key(&item, |(item, _)| *item).ok().map(|at| row[at].1)
    }
}
