//! A session in memory: the state that the next recommendation depends on.

use crate::{Served, ServingError};
use mdp::{Interaction, ItemIdx, ItemSet};
use representation::{ItemTable, SessionState};
use std::sync::Arc;

/// One user's state: what the log says, what was shown, what came of it.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) state: SessionState,
    items: Arc<ItemTable>,
    pub(crate) unavailable: ItemSet,
    pub(crate) recent: Vec<ItemIdx>,
    n_steps: usize,
}

/// How many of the latest items are compared with demonstrations.
const RECENT: usize = 16;

impl Session {
    /// How many recommendations were answered.
    pub fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// Takes in what came of a recommendation: its reward on the scale of ratings, 1 to 5.
    ///
    /// # Errors
    /// When the item is beyond the catalogue or the reward beyond the scale.
    pub fn observe(&mut self, item: ItemIdx, reward: f32) -> Result<(), ServingError> {
        check(self.unavailable.n_items(), item, reward)?;
        self.state.observe(&self.items, item, reward);
        self.skip(item)?;
        self.recent.push(item);
        if self.recent.len() > RECENT {
            self.recent.remove(0);
        }
        self.n_steps += 1;
        Ok(())
    }

    /// Does not recommend an item in this session any more.
    ///
    /// # Errors
    /// When the item is beyond the catalogue.
    pub fn skip(&mut self, item: ItemIdx) -> Result<(), ServingError> {
        check_item(self.unavailable.n_items(), item)?;
        self.unavailable.insert(item);
        Ok(())
    }
}

impl Served {
    /// Starts a session from a logged history, oldest first, which may be empty.
    ///
    /// # Errors
    /// When an item is beyond the catalogue or a rating beyond the scale.
    pub fn start(&self, history: &[Interaction]) -> Result<Session, ServingError> {
        let mut unavailable = ItemSet::empty(self.n_items());
        for row in history {
            check(self.n_items(), row.item, row.rating)?;
            unavailable.insert(row.item);
        }
        let ranker = self.ranker();
        let state = SessionState::new(&ranker.items, history, ranker.learns_in_session);
        let recent = history.iter().rev().take(RECENT).rev().map(|row| row.item).collect();
        Ok(Session { state, items: ranker.items.clone(), unavailable, recent, n_steps: 0 })
    }
}

fn check(n_items: usize, item: ItemIdx, rating: f32) -> Result<(), ServingError> {
    check_item(n_items, item)?;
    if (1.0..=5.0).contains(&rating) { Ok(()) } else { Err(ServingError::Rating { got: rating }) }
}

pub(crate) fn check_item(n_items: usize, item: ItemIdx) -> Result<(), ServingError> {
    if item.index() < n_items { Ok(()) } else { Err(ServingError::NoSuchItem { item, n_items }) }
}
