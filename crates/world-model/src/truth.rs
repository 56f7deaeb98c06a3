//! The truth of a world: whole ratings drawn once from what a model believes.

use mdp::{ItemIdx, MeanModel, RewardSource, UserIdx};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Integer ratings 1 to 5, `round(mean + deviation * z)` clamped, z standard normal from a hash of seed, user
/// and item. A cell never changes, however, whenever and on whatever thread it is asked for.
///
/// Rows that are asked for often are kept, one byte a cell, up to a bound.
pub struct DrawnTruth {
    model: Arc<dyn MeanModel>,
    seed: u64,
    rows: Vec<OnceLock<Box<[u8]>>>,
    n_asked: Vec<AtomicU32>,
    n_kept_bytes: AtomicUsize,
}

/// Bytes of kept rows at most.
const MAX_KEPT_BYTES: usize = 1 << 29;
/// A row is kept once so many single cells of it were asked for.
const ASKED_BEFORE_KEPT: u32 = 24;

impl std::fmt::Debug for DrawnTruth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DrawnTruth").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl DrawnTruth {
    /// The truth of a model under a seed.
    pub fn new(model: Arc<dyn MeanModel>, seed: u64) -> Self {
        let rows = (0..model.n_users()).map(|_| OnceLock::new()).collect();
        let n_asked = (0..model.n_users()).map(|_| AtomicU32::new(0)).collect();
        Self { model, seed, rows, n_asked, n_kept_bytes: AtomicUsize::new(0) }
    }

    /// What the truth was drawn from.
    pub fn model(&self) -> &Arc<dyn MeanModel> {
        &self.model
    }

    fn draw(&self, user: UserIdx, item: ItemIdx, mean: f32, variance: f32) -> u8 {
        let value = mean + variance.max(0.0).sqrt() * cell_normal(self.seed, user, item);
        value.round().clamp(1.0, 5.0) as u8
    }

    fn drawn_row(&self, user: UserIdx) -> Box<[u8]> {
        let n_items = self.model.n_items();
        let (mut means, mut variances) = (vec![0.0; n_items], vec![0.0; n_items]);
        self.model.predict_row(user, &mut means, &mut variances);
        let cells = means.iter().zip(&variances).enumerate();
        cells
            .map(|(item, (&mean, &variance))| self.draw(user, ItemIdx(item as u32), mean, variance))
            .collect()
    }

    /// The kept row, kept now if there is room.
    fn kept_row(&self, user: UserIdx) -> Option<&[u8]> {
        let slot = &self.rows[user.index()];
        if let Some(row) = slot.get() {
            return Some(row);
        }
        let n_items = self.model.n_items();
        if self.n_kept_bytes.fetch_add(n_items, Ordering::Relaxed) + n_items > MAX_KEPT_BYTES {
            self.n_kept_bytes.fetch_sub(n_items, Ordering::Relaxed);
            return None;
        }
        Some(slot.get_or_init(|| self.drawn_row(user)))
    }
}

impl RewardSource for DrawnTruth {
    fn n_users(&self) -> usize {
        self.model.n_users()
    }

    fn n_items(&self) -> usize {
        self.model.n_items()
    }

    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        if let Some(row) = self.rows[user.index()].get() {
            return f32::from(row[item.index()]);
        }
        let n_asked = self.n_asked[user.index()].fetch_add(1, Ordering::Relaxed);
        if n_asked >= ASKED_BEFORE_KEPT
            && let Some(row) = self.kept_row(user)
        {
            return f32::from(row[item.index()]);
        }
        let (mean, variance) = self.model.predict(user, item);
        f32::from(self.draw(user, item, mean, variance))
    }

    fn fill_row(&self, user: UserIdx, out: &mut [f32]) {
        match self.kept_row(user) {
            Some(row) => out.iter_mut().zip(row).for_each(|(out, &cell)| *out = f32::from(cell)),
            None => {
                out.iter_mut().zip(self.drawn_row(user)).for_each(|(out, cell)| *out = f32::from(cell));
            }
        }
    }
}

/// A standard normal number that belongs to one cell under one seed.
fn cell_normal(seed: u64, user: UserIdx, item: ItemIdx) -> f32 {
    let first = cell_word(seed, user, item);
    let second = mixed(first ^ 0xA076_1D64_78BD_642F);
    let radius = (-2.0 * uniform(first).ln()).sqrt();
    (radius * (std::f64::consts::TAU * uniform(second)).cos()) as f32
}

/// A number between 0 and 1 that belongs to one cell under one seed.
pub(crate) fn cell_uniform(seed: u64, user: UserIdx, item: ItemIdx) -> f64 {
    uniform(cell_word(seed, user, item))
}

fn cell_word(seed: u64, user: UserIdx, item: ItemIdx) -> u64 {
    mixed(mixed(seed) ^ mixed(u64::from(user.0) << 32 | u64::from(item.0)))
}

fn uniform(word: u64) -> f64 {
    ((word >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// The finaliser of SplitMix64 (Steele et al. 2014).
fn mixed(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
