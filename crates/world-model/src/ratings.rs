//! Ratings as plain cells: what every model of this crate is fitted on.

use crate::negatives::Negatives;
use mdp::{Interaction, ItemIdx, UserIdx, rng_for, share_of_best};
use rand::RngExt as _;
use std::borrow::Cow;

/// One known cell of the user x item matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    /// The row.
    pub user: UserIdx,
    /// The column.
    pub item: ItemIdx,
    /// The value, on the 1 to 5 scale.
    pub value: f32,
}

/// Known cells with the sides of the matrix they belong to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RatingTable {
    /// Rows of the matrix.
    pub n_users: usize,
    /// Columns of the matrix.
    pub n_items: usize,
    /// The known cells; every row and column lies within the sides.
    pub cells: Vec<Rating>,
}

impl RatingTable {
    /// Collects one list of interactions per user row.
    ///
    /// # Panics
    /// If an interaction names an item beyond `n_items`.
    pub fn of<H: AsRef<[Interaction]>>(by_user: &[H], n_items: usize) -> Self {
        let mut cells = Vec::with_capacity(by_user.iter().map(|history| history.as_ref().len()).sum());
        for (user, interactions) in by_user.iter().enumerate() {
            for interaction in interactions.as_ref() {
                assert!(interaction.item.index() < n_items, "item beyond the catalogue");
                let user = UserIdx(user as u32);
                cells.push(Rating { user, item: interaction.item, value: interaction.rating });
            }
        }
        Self { n_users: by_user.len(), n_items, cells }
    }

    /// The same matrix with other known cells.
    pub fn with_cells(&self, cells: Vec<Rating>) -> Self {
        Self { n_users: self.n_users, n_items: self.n_items, cells }
    }

    /// The mean of the known cells; 3, the middle of the scale, if there are none.
    pub fn mean(&self) -> f32 {
        if self.cells.is_empty() {
            return 3.0;
        }
        let sum: f64 = self.cells.iter().map(|cell| f64::from(cell.value)).sum();
        (sum / self.cells.len() as f64) as f32
    }

    /// Cuts a random share of the cells out: what is left, and the slice.
    pub fn sliced(&self, share: f64, seed: u64) -> (Self, Vec<Rating>) {
        let mut rng = rng_for(seed, &[0x736c_6963]);
        let (mut slice, mut rest) = (Vec::new(), Vec::with_capacity(self.cells.len()));
        for cell in &self.cells {
            if rng.random::<f64>() < share { &mut slice } else { &mut rest }.push(*cell);
        }
        (self.with_cells(rest), slice)
    }

    /// The table if it has at most `most` cells; else all cells of users drawn at random, about `most` of them.
    /// The table, too, if nobody is drawn.
    pub(crate) fn some_users(&self, most: usize, seed: u64) -> Cow<'_, Self> {
        if self.cells.len() <= most {
            return Cow::Borrowed(self);
        }
        let share = most as f64 / self.cells.len() as f64;
        let mut rng = rng_for(seed, &[0x736f_6d65]);
        let is_drawn: Vec<bool> = (0..self.n_users).map(|_| rng.random::<f64>() < share).collect();
        let cells: Vec<Rating> =
            self.cells.iter().filter(|cell| is_drawn[cell.user.index()]).copied().collect();
        if cells.is_empty() { Cow::Borrowed(self) } else { Cow::Owned(self.with_cells(cells)) }
    }

    /// Whether less than 99 % of the cells have the best value; a log of positives alone has nothing to say
    /// without negatives.
    pub fn is_graded(&self) -> bool {
        !Negatives::Auto.are_sampled(share_of_best(self.cells.iter().map(|cell| cell.value)))
    }

    /// How often each item was rated.
    pub fn item_counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.n_items];
        for cell in &self.cells {
            counts[cell.item.index()] += 1;
        }
        counts
    }

    /// The positions of every user's cells in [`RatingTable::cells`].
    pub(crate) fn positions_by_user(&self) -> Positions {
        Positions::of(&self.cells, self.n_users, |cell| cell.user.index())
    }

    /// The positions of every item's cells in [`RatingTable::cells`].
    pub(crate) fn positions_by_item(&self) -> Positions {
        Positions::of(&self.cells, self.n_items, |cell| cell.item.index())
    }
}

/// Positions of cells by row, ascending within a row.
pub(crate) struct Positions {
    /// Where each row ends in `positions`. `[rows]`
    ends: Vec<usize>,
    /// `[cells]`
    positions: Vec<u32>,
}

impl Positions {
    /// Counts, then places.
    fn of(cells: &[Rating], n_rows: usize, row: impl Fn(&Rating) -> usize) -> Self {
        let mut ends = vec![0; n_rows];
        cells.iter().for_each(|cell| ends[row(cell)] += 1);
        let mut before = 0;
        for end in &mut ends {
            before += std::mem::replace(end, before);
        }
        let mut positions = vec![0; cells.len()];
        for (position, cell) in cells.iter().enumerate() {
            let place = &mut ends[row(cell)];
            positions[*place] = position as u32;
            *place += 1;
        }
        Self { ends, positions }
    }

    /// The positions of one row.
    pub(crate) fn row(&self, row: usize) -> &[u32] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.positions[start..self.ends[row]]
    }
}
