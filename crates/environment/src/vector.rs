//! Thousands of sessions stepped together, without allocating once they run.

use crate::block::Block;
use crate::seed::Chance;
use crate::{Environment, EnvironmentError, Outcome, SessionSeed};
use mdp::{ItemIdx, StepEnd, UserIdx};
use rayon::prelude::*;

/// Sessions side by side; each is independent, so the outcome does not depend on how they are spread over
/// threads, and it is that of [`crate::Session`] to the bit.
///
/// Sessions lie in blocks that are stepped as a whole: rewards and distances of a block are asked for at once, so that
/// their cache misses overlap instead of following one another.
#[derive(Debug)]
pub struct VectorEnvironment<'a> {
    environment: &'a Environment,
    blocks: Vec<Block>,
    outcomes: Vec<Outcome>,
}

/// Enough sessions to hide the latency of memory, few enough for a block to stay in the nearest caches.
const SESSIONS_PER_BLOCK: usize = 256;

impl<'a> VectorEnvironment<'a> {
    /// One session per user of the list, of the default seed; a user may occur more than once.
    ///
    /// # Errors
    /// When a user has no row.
    pub fn start(environment: &'a Environment, users: &[UserIdx]) -> Result<Self, EnvironmentError> {
        for &user in users {
            environment.check_user(user)?;
        }
        let blocks = users.chunks(SESSIONS_PER_BLOCK).map(|users| Block::new(environment, users)).collect();
        let nothing = Outcome { reward: 0.0, end: StepEnd::Continues, matched: None };
        Ok(Self { environment, blocks, outcomes: vec![nothing; users.len()] })
    }

    /// How many sessions.
    pub fn n_sessions(&self) -> usize {
        self.outcomes.len()
    }

    /// Whose the session at `index` is.
    ///
    /// # Panics
    /// If there is no such session; so in all methods that take an index.
    pub fn user(&self, index: usize) -> UserIdx {
        self.blocks[index / SESSIONS_PER_BLOCK].user(index % SESSIONS_PER_BLOCK)
    }

    /// What the session at `index` has shown, oldest first.
    pub fn shown(&self, index: usize) -> &[ItemIdx] {
        self.blocks[index / SESSIONS_PER_BLOCK].shown(index % SESSIONS_PER_BLOCK)
    }

    /// How the last step of the session at `index` ended; `Continues` before the first.
    pub fn end(&self, index: usize) -> StepEnd {
        self.blocks[index / SESSIONS_PER_BLOCK].end(index % SESSIONS_PER_BLOCK)
    }

    /// Starts the session at `index` over with another user and the next stream of its seed.
    ///
    /// # Errors
    /// When the user has no row.
    pub fn restart(&mut self, index: usize, user: UserIdx) -> Result<(), EnvironmentError> {
        let chance = self.blocks[index / SESSIONS_PER_BLOCK].chance(index % SESSIONS_PER_BLOCK).next();
        self.restart_by(index, user, chance)
    }

    /// The same with a seed of its own.
    ///
    /// # Errors
    /// When the user has no row.
    pub fn restart_seeded(
        &mut self,
        index: usize,
        user: UserIdx,
        seed: SessionSeed,
    ) -> Result<(), EnvironmentError> {
        self.restart_by(index, user, Chance::Seeded(seed))
    }

    fn restart_by(&mut self, index: usize, user: UserIdx, chance: Chance) -> Result<(), EnvironmentError> {
        self.environment.check_user(user)?;
        self.blocks[index / SESSIONS_PER_BLOCK].restart(index % SESSIONS_PER_BLOCK, user, chance);
        Ok(())
    }

    /// Shows one item in every session.
    ///
    /// # Shapes
    /// `items: [sessions]`, result `[sessions]`; it stays until the next step.
    ///
    /// # Errors
    /// When a session has ended or an item has no column; then no session has moved.
    ///
    /// # Panics
    /// If there is not one item per session.
    pub fn step(&mut self, items: &[ItemIdx]) -> Result<&[Outcome], EnvironmentError> {
        assert_eq!(items.len(), self.outcomes.len(), "one item per session");
        let Self { environment, blocks, outcomes } = self;
        for (block, items) in blocks.iter().zip(items.chunks(SESSIONS_PER_BLOCK)) {
            block.check(environment.n_items(), items)?;
        }
        let step = |((block, items), outcomes): ((&mut Block, &[ItemIdx]), &mut [Outcome])| {
            block.step(environment, items, outcomes);
        };
        if blocks.len() == 1 || rayon::current_num_threads() == 1 {
            let items = items.chunks(SESSIONS_PER_BLOCK);
            blocks.iter_mut().zip(items).zip(outcomes.chunks_mut(SESSIONS_PER_BLOCK)).for_each(step);
        } else {
            let items = items.par_chunks(SESSIONS_PER_BLOCK);
            blocks.par_iter_mut().zip(items).zip(outcomes.par_chunks_mut(SESSIONS_PER_BLOCK)).for_each(step);
        }
        Ok(outcomes)
    }

    /// Shows one item in each of these sessions, in ascending order; the others stay as they are.
    ///
    /// # Shapes
    /// `sessions` and `items: [stepping]`, result `[stepping]`; it stays until the next step.
    ///
    /// # Errors
    /// When one of the sessions has ended or an item has no column; then no session has moved.
    ///
    /// # Panics
    /// If there is not one item per session or the sessions do not ascend.
    pub fn step_some(
        &mut self,
        sessions: &[usize],
        items: &[ItemIdx],
    ) -> Result<&[Outcome], EnvironmentError> {
        assert_eq!(items.len(), sessions.len(), "one item per session");
        assert!(sessions.is_sorted_by(|a, b| a < b), "sessions ascend");
        if sessions.iter().any(|&session| !self.end(session).continues()) {
            return Err(EnvironmentError::Ended);
        }
        let n_items = self.environment.n_items();
        if let Some(&item) = items.iter().find(|item| item.index() >= n_items) {
            return Err(EnvironmentError::UnknownItem(item));
        }
        let mut start = 0;
        for (index, block) in self.blocks.iter_mut().enumerate() {
            let first = index * SESSIONS_PER_BLOCK;
            let n = sessions[start..].partition_point(|&session| session < first + SESSIONS_PER_BLOCK);
            let own = start..start + n;
            let outcomes = &mut self.outcomes[own.clone()];
            block.step_some(self.environment, (first, &sessions[own.clone()]), &items[own], outcomes);
            start += n;
        }
        Ok(&self.outcomes[..sessions.len()])
    }
}
