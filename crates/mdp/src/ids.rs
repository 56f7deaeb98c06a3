//! Dense row numbers. The outside world's ids are strings and live in the catalogue and the dataset.

use serde::{Deserialize, Serialize};

/// A dense row of one catalogue version: valid only beside the catalogue whose hash it was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemIdx(pub u32);

/// A dense row of one dataset's user table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserIdx(pub u32);

impl ItemIdx {
    /// The row as a slice index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl UserIdx {
    /// The row as a slice index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
