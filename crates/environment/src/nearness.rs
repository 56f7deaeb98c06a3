//! Which items are near which: a distance rule needs to know no more of a distance than whether it is below the
//! threshold, one bit instead of 32.

use crate::DistanceSource;
use mdp::ItemIdx;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Bits of the pairs that are near, worked out row by row for items that are shown often, so that short runs do not
/// pay for rows that nobody looks at. Whether a row is there yet changes no answer.
#[derive(Debug)]
pub(crate) struct NearPairs {
    threshold: f32,
    n_items: usize,
    rows: Vec<OnceLock<Box<[u64]>>>,
    n_asked: Vec<AtomicU32>,
    n_bytes: AtomicUsize,
}

/// Bytes of kept rows at most: all rows of 65,000 items.
const MAX_BYTES: usize = 1 << 29;
/// A row is worked out once it was asked for so often that asking cost a share of that already.
const ITEMS_PER_ASKING: usize = 32;

impl NearPairs {
    pub(crate) fn new(threshold: f32, n_items: usize) -> Self {
        let rows = (0..n_items).map(|_| OnceLock::new()).collect();
        let n_asked = (0..n_items).map(|_| AtomicU32::new(0)).collect();
        Self { threshold, n_items, rows, n_asked, n_bytes: AtomicUsize::new(0) }
    }

    /// Which of the others are near `item`: bit `k` stands for `others[k]`, of which there are at most 32.
    pub(crate) fn mask(&self, source: &dyn DistanceSource, item: ItemIdx, others: &[ItemIdx]) -> u32 {
        let bit = |row: &[u64], other: ItemIdx| (row[other.index() / 64] >> (other.0 % 64)) as u32 & 1;
        match self.row(source, item) {
            Some(row) => others.iter().rev().fold(0, |mask, &other| mask << 1 | bit(row, other)),
            None => others
                .iter()
                .rev()
                .fold(0, |mask, &other| mask << 1 | u32::from(source.distance(item, other) < self.threshold)),
        }
    }

    /// The row of an item, if it is there or its time has come.
    fn row(&self, source: &dyn DistanceSource, item: ItemIdx) -> Option<&[u64]> {
        if let Some(row) = self.rows[item.index()].get() {
            return Some(row);
        }
        let n_asked = self.n_asked[item.index()].fetch_add(1, Ordering::Relaxed) as usize;
        if n_asked < self.n_items / ITEMS_PER_ASKING {
            return None;
        }
        let n_bytes = self.n_items.div_ceil(8);
        if self.n_bytes.fetch_add(n_bytes, Ordering::Relaxed) + n_bytes > MAX_BYTES {
            self.n_bytes.fetch_sub(n_bytes, Ordering::Relaxed);
            return None;
        }
        Some(self.rows[item.index()].get_or_init(|| self.work_out(source, item)))
    }

    fn work_out(&self, source: &dyn DistanceSource, item: ItemIdx) -> Box<[u64]> {
        let mut row = vec![0; self.n_items.div_ceil(64)];
        for other in (0..self.n_items as u32).map(ItemIdx) {
            let is_near = source.distance(item, other) < self.threshold;
            row[other.index() / 64] |= u64::from(is_near) << (other.0 % 64);
        }
        row.into_boxed_slice()
    }
}
