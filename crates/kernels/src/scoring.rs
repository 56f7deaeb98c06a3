//! The item head of a frozen policy: the best items of a catalogue for a hidden state, or a draw from its softmax,
//! without a vector of all scores.
//!
//! A [`ScoringTable`] is a head packed once for reading: panels of 64 items, `[width, 64]` each, so that a state's
//! numbers are spread over lanes and sixteen items add up side by side. A panel's scores are made in the nearest
//! cache; those above the worst of the best so far are looked at, which after a few panels is almost never.
//!
//! # Floor
//! One state reads the table once: 3.5 MB at 13,864 x 64 in single precision, half of it in half precision, 0.9 MB as
//! bytes, which stays in the second-level cache. Single precision takes 39 us where this was measured, which is 90 GB/s;
//! what a core reads from the third level at most was not. A batch reads a panel for 64 states at a time, and is bound by arithmetic:
//! 454 M operations at 256 states, 4.1 ms on one AVX-512 core and half of that on two.
//!
//! # Precision
//! Half precision keeps 11 bits of each weight, and 65,504 of those beyond it. Bytes keep 8 of them, scaled by each item's largest weight, and 8 of the
//! state; the sums of their products are exact integers, so every machine gets the same scores. Where the best ten
//! have to be those of single precision, [`ScoringTable::top_refined`] takes more candidates by bytes and scores them
//! again by the rows that the table was made from.

mod bytes;
mod draw;
mod panels;
mod top;

use crate::lanes::LANES;
use crate::{HeadTable, Isa, half};

/// Items per panel.
pub(crate) const PANEL: usize = 4 * LANES;

/// How a table keeps its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    Single,
    /// 16 bits, as floating-point numbers.
    Half,
    /// 8 bits, as integers with one factor per item.
    Byte,
}

/// An item and its score, before any clamp (which keeps the order).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The item's row.
    pub item: u32,
    /// Inner product with the state, and bias.
    pub score: f32,
}

/// A head packed for reading.
#[derive(Clone, Debug)]
pub struct ScoringTable {
    isa: Isa,
    width: usize,
    n_items: usize,
    weights: Weights,
    /// Minus infinity for items that are not available, and behind the last one.
    bias: Vec<f32>,
}

#[derive(Clone, Debug)]
enum Weights {
    Single(Vec<f32>),
    Half(Vec<u16>),
    Byte(bytes::ByteWeights),
}

impl ScoringTable {
    /// Packs a head with rows of this width.
    ///
    /// # Panics
    /// If the lengths do not fit, the width is not a multiple of 16, a number is not finite, or the machine lacks the
    /// instruction set.
    pub fn new(isa: Isa, precision: Precision, table: HeadTable<'_>, width: usize) -> Self {
        let n_items = table.bias.len();
        assert!(isa.is_available(), "{isa:?} is not an instruction set of this machine");
        assert!(width > 0 && width.is_multiple_of(LANES), "the width is a multiple of {LANES}");
        assert_eq!(table.rows.len(), n_items * width, "one row per bias");
        assert!(table.rows.iter().chain(table.bias).all(|x| x.is_finite()), "finite rows and biases");
        let weights = match precision {
            Precision::Single => Weights::Single(packed(table.rows, width, |x| x)),
            Precision::Half => Weights::Half(packed(table.rows, width, half::from_single)),
            Precision::Byte => Weights::Byte(bytes::ByteWeights::new(isa, table.rows, width)),
        };
        let mut bias = table.bias.to_vec();
        bias.resize(n_items.next_multiple_of(PANEL), f32::NEG_INFINITY);
        Self { isa, width, n_items, weights, bias }
    }

    /// How many items there are.
    pub fn n_items(&self) -> usize {
        self.n_items
    }

    /// Takes an item out of every answer.
    ///
    /// # Panics
    /// If there is no such item.
    pub fn withdraw(&mut self, item: u32) {
        assert!((item as usize) < self.n_items, "an item of the table");
        self.bias[item as usize] = f32::NEG_INFINITY;
    }

    /// Bytes of the weights: what one answer has to read.
    pub fn n_bytes(&self) -> usize {
        match &self.weights {
            Weights::Single(weights) => 4 * weights.len(),
            Weights::Half(weights) => 2 * weights.len(),
            Weights::Byte(weights) => weights.n_bytes(),
        }
    }
}

/// Panels `[width, PANEL]`, the last one filled up with zeros.
fn packed<T: Clone + Default>(rows: &[f32], width: usize, convert: impl Fn(f32) -> T) -> Vec<T> {
    let n_items = rows.len() / width;
    let mut panels = vec![T::default(); n_items.next_multiple_of(PANEL) * width];
    for (item, row) in rows.chunks_exact(width).enumerate() {
        let panel = &mut panels[item / PANEL * PANEL * width..][..PANEL * width];
        for (cells, &weight) in panel.chunks_exact_mut(PANEL).zip(row) {
            cells[item % PANEL] = convert(weight);
        }
    }
    panels
}

#[cfg(test)]
mod tests;
