//! Outside ids to dense rows, in order of first appearance, with one copy of each text.

use std::hash::{BuildHasher, RandomState};

/// A growing table of distinct texts. The hash is seeded per process against crafted collisions; rows do not
/// depend on it.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    text: String,
    ends: Vec<usize>,
    slots: Vec<Slot>,
    hasher: RandomState,
    /// What was asked for last: logs mostly stand user by user.
    latest: Slot,
}

/// One place of the hash table. A short text is told from all others by what stands here, so that a look-up touches one
/// cache line instead of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    row: u32,
    length: u32,
    /// The first bytes, filled up with zeros.
    head: [u8; HEAD],
}

const HEAD: usize = 8;
const FREE: u32 = u32::MAX;
const FREE_SLOT: Slot = Slot { row: FREE, length: 0, head: [0; HEAD] };

impl Default for Slot {
    fn default() -> Self {
        FREE_SLOT
    }
}

impl Slot {
    fn of(row: u32, text: &str) -> Self {
        let mut head = [0; HEAD];
        let n = text.len().min(HEAD);
        head[..n].copy_from_slice(&text.as_bytes()[..n]);
        Self { row, length: u32::try_from(text.len()).unwrap_or(u32::MAX), head }
    }
}

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
        if self.latest.row != FREE && self.holds(self.latest, text) {
            return Some(self.latest.row);
        }
        if (self.ends.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let slot = self.slot_of(text);
        if self.slots[slot].row == FREE {
            let row = u32::try_from(self.ends.len()).ok().filter(|&row| row < MOST)?;
            self.slots[slot] = Slot::of(row, text);
            self.text.push_str(text);
            self.ends.push(self.text.len());
        }
        self.latest = self.slots[slot];
        Some(self.latest.row)
    }

    /// The row of `text`, if it is in.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        Some(self.slots[self.slot_of(text)].row).filter(|&row| row != FREE)
    }

    /// The slot that holds `text` or would hold it.
    fn slot_of(&self, text: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = self.hasher.hash_one(text) as usize & mask;
        while self.slots[slot].row != FREE && !self.holds(self.slots[slot], text) {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn holds(&self, slot: Slot, text: &str) -> bool {
        slot == Slot::of(slot.row, text) && (text.len() <= HEAD || self.get(slot.row) == text)
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let before = std::mem::replace(&mut self.slots, vec![FREE_SLOT; size]);
        for entry in before.into_iter().filter(|entry| entry.row != FREE) {
            let mut slot = self.hasher.hash_one(self.get(entry.row)) as usize & (size - 1);
            while self.slots[slot].row != FREE {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = entry;
        }
    }
}
