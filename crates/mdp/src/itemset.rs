//! A set of items as one bit per catalogue row.

use crate::ItemIdx;

/// Which items of a catalogue are in; used for what a session has already been shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemSet {
    words: Vec<u64>,
    n_items: usize,
    n_members: usize,
}

impl ItemSet {
    /// The empty set over a catalogue of `n_items`.
    pub fn empty(n_items: usize) -> Self {
        Self { words: vec![0; n_items.div_ceil(64)], n_items, n_members: 0 }
    }

    /// The size of the catalogue, not of the set.
    pub fn n_items(&self) -> usize {
        self.n_items
    }

    /// How many items are in.
    pub fn len(&self) -> usize {
        self.n_members
    }

    /// Whether no item is in.
    pub fn is_empty(&self) -> bool {
        self.n_members == 0
    }

    /// Whether `item` is in; false for rows beyond the catalogue.
    pub fn contains(&self, item: ItemIdx) -> bool {
        self.words.get(item.index() / 64).is_some_and(|word| word >> (item.0 % 64) & 1 == 1)
    }

    /// The items that are in, in row order.
    pub fn iter(&self) -> impl Iterator<Item = ItemIdx> + '_ {
        self.words.iter().zip(0u32..).flat_map(|(&word, at)| {
            let rest = std::iter::successors((word != 0).then_some(word), |rest| {
                let rest = rest & (rest - 1);
                (rest != 0).then_some(rest)
            });
            rest.map(move |rest| ItemIdx(at * 64 + rest.trailing_zeros()))
        })
    }

    /// Puts `item` in and says whether it was new.
    ///
    /// # Panics
    /// If `item` is beyond the catalogue.
    pub fn insert(&mut self, item: ItemIdx) -> bool {
        assert!(item.index() < self.n_items, "item beyond the catalogue");
        let word = &mut self.words[item.index() / 64];
        let bit = 1 << (item.0 % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        self.n_members += usize::from(is_new);
        is_new
    }

    /// Puts everything in that is in `other`.
    ///
    /// # Panics
    /// If the two are of catalogues of different sizes.
    pub fn insert_all(&mut self, other: &Self) {
        assert_eq!(self.n_items, other.n_items, "two sets of one catalogue");
        self.words.iter_mut().zip(&other.words).for_each(|(word, more)| *word |= more);
        self.n_members = self.words.iter().map(|word| word.count_ones() as usize).sum();
    }

    /// 64 rows of the catalogue from row `64 * word` on, one bit each.
    ///
    /// # Panics
    /// If `word` is beyond the catalogue.
    pub fn word(&self, word: usize) -> u64 {
        self.words[word]
    }

    /// Takes every item out, keeping the memory.
    pub fn clear(&mut self) {
        self.words.fill(0);
        self.n_members = 0;
    }
}
