//! One slice of interactions per user, without a copy of the log.

use crate::Interaction;
use std::ops::{Index, Range};
use std::sync::Arc;

/// The interactions of every user, by user row: ranges of rows that are shared. A clone or a part of it costs 16
/// bytes a user, whatever the log's length.
#[derive(Clone, Debug, Default)]
pub struct Histories {
    rows: Arc<Vec<Interaction>>,
    ranges: Vec<Range<usize>>,
}

impl Histories {
    /// The given ranges of `rows`, one per user.
    ///
    /// # Panics
    /// If a range does not lie within the rows.
    pub fn new(rows: Arc<Vec<Interaction>>, ranges: Vec<Range<usize>>) -> Self {
        assert!(ranges.iter().all(|range| rows.get(range.clone()).is_some()), "a range beyond the rows");
        Self { rows, ranges }
    }

    /// How many users.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there is no user.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The interactions of a user; none for a row beyond the table.
    pub fn get(&self, user: usize) -> &[Interaction] {
        self.ranges.get(user).map_or(&[], |range| &self.rows[range.clone()])
    }

    /// All users in row order.
    pub fn iter(&self) -> impl Iterator<Item = &[Interaction]> {
        self.ranges.iter().map(|range| &self.rows[range.clone()])
    }
}

impl Index<usize> for Histories {
    type Output = [Interaction];

    fn index(&self, user: usize) -> &[Interaction] {
        &self.rows[self.ranges[user].clone()]
    }
}

impl PartialEq for Histories {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl FromIterator<Vec<Interaction>> for Histories {
    fn from_iter<T: IntoIterator<Item = Vec<Interaction>>>(histories: T) -> Self {
        let (mut rows, mut ranges) = (Vec::new(), Vec::new());
        for mut history in histories {
            let start = rows.len();
            rows.append(&mut history);
            ranges.push(start..rows.len());
        }
        Self { rows: Arc::new(rows), ranges }
    }
}
