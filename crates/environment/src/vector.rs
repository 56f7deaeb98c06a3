//! Thousands of sessions stepped together.

use crate::{Environment, EnvironmentError, Outcome, Session};
use mdp::{ItemIdx, UserIdx};
use rayon::prelude::*;

/// Sessions side by side; each is independent, so the outcome does not depend on how they are spread over
/// threads.
#[derive(Debug)]
pub struct VectorEnvironment<'a> {
    sessions: Vec<Session<'a>>,
}

const SESSIONS_PER_TASK: usize = 64;

impl<'a> VectorEnvironment<'a> {
    /// One session per user of the list; a user may occur more than once.
    ///
    /// # Errors
    /// When a user has no row.
    pub fn start(environment: &'a Environment, users: &[UserIdx]) -> Result<Self, EnvironmentError> {
        let sessions = users.iter().map(|&user| environment.start(user)).collect::<Result<_, _>>()?;
        Ok(Self { sessions })
    }

    /// The sessions.
    pub fn sessions(&self) -> &[Session<'a>] {
        &self.sessions
    }

    /// Starts the session at `index` over with another user.
    ///
    /// # Errors
    /// When the user has no row.
    pub fn restart(&mut self, index: usize, user: UserIdx) -> Result<(), EnvironmentError> {
        self.sessions[index].restart(user)
    }

    /// Shows one item in every session.
    ///
    /// # Shapes
    /// `items: [sessions]`, result `[sessions]`.
    ///
    /// # Errors
    /// When a session has ended or an item has no column.
    ///
    /// # Panics
    /// If there is not one item per session.
    pub fn step(&mut self, items: &[ItemIdx]) -> Result<Vec<Outcome>, EnvironmentError> {
        assert_eq!(items.len(), self.sessions.len(), "one item per session");
        self.sessions
            .par_iter_mut()
            .zip(items)
            .with_min_len(SESSIONS_PER_TASK)
            .map(|(session, &item)| session.step(item))
            .collect()
    }
}
