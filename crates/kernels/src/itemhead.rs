//! The item head as one operation: hidden states in; log-probabilities, entropies and every gradient out.
//!
//! A head has one row and one bias per item. Its logits, clamped by a tangent, go through a softmax over the whole
//! catalogue, and the loss of a row is `-action_scale * log p(action) - entropy_scale * entropy`: with the scales chosen
//! by the caller that is imitation, weighted imitation, and the policy gradient.
//!
//! # How
//! The gradient of a logit needs its row's normaliser, which needs all logits of the row: two passes over the
//! catalogue, in tiles of [`TILE`] items. The first keeps the clamped logits, `[items, batch]`; the second turns a tile of
//! them into gradients in place and, while it is still in the nearest cache, into the gradients of hidden states, rows
//! and biases, which Adam consumes at once: no gradient of the table ever exists as a whole. Keeping the logits costs
//! 4 bytes per cell once written and once read, computing them again would cost 128 operations; reading wins.
//!
//! The batch lies along the lanes: a softmax then never sums across a register, and the rows of the table are read as
//! they are stored.
//!
//! # Determinism
//! The catalogue is cut into at most [`N_GROUPS`] groups of whole tiles, whatever the number of threads. Each group adds
//! up on its own, and the groups are added in order. Threads are those of the caller's rayon pool.
//!
//! # Floor
//! Three products of `2 * batch * items * width` operations; at 256 x 13,864 x 64 that is 1.36 G, 6.1 ms on two cores
//! with 32 operations a cycle at 3.5 GHz; one tangent and two exponentials per cell, about 1 ms; 21 MB of table and
//! moments and 28 MB of logits, once in and once out, under 2 ms beside it.

mod backward;
mod draw;
mod forward;
mod gradients;
mod limits;

use crate::Isa;
use crate::lanes::LANES;
use gradients::Factors;

pub use backward::{HeadGradients, HeadParameters};
pub use draw::{Drawn, HeadDraw};
pub use limits::HeadLimits;

/// Items per tile: with a width of 64 the rows of a tile fill half of a 32 KiB cache.
pub(crate) const TILE: usize = 64;
/// At most so many groups.
const N_GROUPS: usize = 32;

/// What the softmax says about a row of the batch, and about the item chosen in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadRow {
    /// Logarithm of the normaliser: log p(item) = logit - log_sum.
    pub log_sum: f32,
    /// Entropy in nats.
    pub entropy: f32,
    /// The clamped logit of the row's action.
    pub action_logit: f32,
}

impl HeadRow {
    /// Logarithm of the probability of the row's action.
    pub fn log_prob(&self) -> f32 {
        self.action_logit - self.log_sum
    }
}

/// How much a row counts: `-action * log p(action) - entropy * entropy` is its loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadScale {
    /// Factor of the log-probability of the action.
    pub action: f32,
    /// Factor of the entropy.
    pub entropy: f32,
}

/// The head's table: one row and one bias per item.
#[derive(Clone, Copy, Debug)]
pub struct HeadTable<'a> {
    /// `[items, width]`.
    pub rows: &'a [f32],
    /// `[items]`.
    pub bias: &'a [f32],
}

/// A pass over the catalogue and what it leaves for the pass back; its memory is used again.
#[derive(Clone, Debug)]
pub struct HeadPass {
    isa: Isa,
    width: usize,
    limit: f32,
    n_items: usize,
    n_batch: usize,
    actions: Vec<u32>,
    /// Rows of the batch by action.
    by_action: Vec<u32>,
    hidden: Vec<f32>,
    /// Hidden states with the batch along the lanes: panels of 64 rows, each `[width, 64]`.
    panels: Vec<f32>,
    rows: Vec<HeadRow>,
    factors: Factors,
    groups: Vec<Group>,
}

/// Consecutive tiles, whose work one thread does.
#[derive(Clone, Debug, Default)]
struct Group {
    /// Clamped logits, then their gradients, `[items, stride]`.
    logits: Vec<f32>,
    /// Largest logit, sum of exponentials relative to it, and the sum of these times the logits; `[batch, lanes]` each.
    largest: Vec<f32>,
    sums: Vec<f32>,
    weighted: Vec<f32>,
    d_hidden: Vec<f32>,
    d_rows: Vec<f32>,
}

impl HeadPass {
    /// An empty pass over tables of this width, whose logits are clamped to ± `limit` (0: not at all).
    ///
    /// # Panics
    /// If the width is not a multiple of 16 or the machine lacks the instruction set.
    pub fn new(isa: Isa, width: usize, limit: f32) -> Self {
        assert!(width > 0 && width.is_multiple_of(LANES), "the width is a multiple of {LANES}");
        assert!(isa.is_available(), "{isa:?} is not an instruction set of this machine");
        Self {
            isa,
            width,
            limit,
            n_items: 0,
            n_batch: 0,
            actions: Vec::new(),
            by_action: Vec::new(),
            hidden: Vec::new(),
            panels: Vec::new(),
            rows: Vec::new(),
            factors: Factors::default(),
            groups: Vec::new(),
        }
    }

    /// How many items are in each group but the last.
    fn group_size(&self) -> usize {
        self.n_items.div_ceil(TILE).div_ceil(N_GROUPS).max(1) * TILE
    }

    /// The batch, rounded up to whole lanes.
    fn lanes(&self) -> usize {
        self.n_batch.next_multiple_of(LANES)
    }
}

/// How far apart the logits of consecutive items lie: an odd number of cache lines where the batch is large, because
/// with a power of two a column would fall into a few sets of the cache.
fn stride(lanes: usize) -> usize {
    if lanes >= 128 && (lanes / LANES).is_multiple_of(2) { lanes + LANES } else { lanes }
}

#[cfg(test)]
pub(crate) mod tests;
