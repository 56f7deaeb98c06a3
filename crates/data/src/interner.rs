//! Outside ids to dense rows, in order of first appearance, with one copy of each text.

use std::hash::{BuildHasher, RandomState};

/// A growing table of distinct texts. The hash is seeded per process against crafted collisions; rows do not
/// depend on it.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    text: String,
    ends: Vec<usize>,
    slots: Vec<u32>,
    hasher: RandomState,
    latest: u32,
}

const FREE: u32 = u32::MAX;

/// The most rows: tables store them as 32-bit integers, which some readers take as signed.
pub(crate) const MOST: u32 = i32::MAX as u32;

impl Interner {
    /// How many distinct texts.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of one row.
    pub(crate) fn get(&self, row: u32) -> &str {
        let row = row as usize;
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.text[start..self.ends[row]]
    }

    /// The row of `text`, which is added if it is new; `None` when there are too many rows.
    pub(crate) fn intern(&mut self, text: &str) -> Option<u32> {
        // Logs mostly stand user by user.
        if (self.latest as usize) < self.len() && self.get(self.latest) == text {
            return Some(self.latest);
        }
        if (self.ends.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let slot = self.slot_of(text);
        if self.slots[slot] == FREE {
            let row = u32::try_from(self.ends.len()).ok().filter(|&row| row < MOST)?;
            self.slots[slot] = row;
            self.text.push_str(text);
            self.ends.push(self.text.len());
        }
        self.latest = self.slots[slot];
        Some(self.latest)
    }

    /// The row of `text`, if it is in.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        Some(self.slots[self.slot_of(text)]).filter(|&row| row != FREE)
    }

    /// The slot that holds `text` or would hold it.
    fn slot_of(&self, text: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = self.hasher.hash_one(text) as usize & mask;
        while self.slots[slot] != FREE && self.get(self.slots[slot]) != text {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        self.slots = vec![FREE; size];
        for row in 0..self.ends.len() as u32 {
            let mut slot = self.hasher.hash_one(self.get(row)) as usize & (size - 1);
            while self.slots[slot] != FREE {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = row;
        }
    }
}
