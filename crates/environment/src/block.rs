//! A few hundred sessions as columns: what a step looks at lies side by side.

use crate::recent::{RecentItems, distance_rule};
use crate::{Environment, EnvironmentError, Outcome};
use mdp::{ItemIdx, StepEnd, UserIdx};

/// Sessions of one environment and the memory that their steps use again and again.
#[derive(Debug)]
pub(crate) struct Block {
    users: Vec<UserIdx>,
    ends: Vec<StepEnd>,
    /// What each session has shown, oldest first.
    shown: Vec<Vec<ItemIdx>>,
    /// `[sessions]`
    rewards: Vec<f32>,
    /// Where the rule looks at distances.
    recent: Option<RecentItems>,
}

impl Block {
    /// New sessions of users that have a row.
    pub(crate) fn new(environment: &Environment, users: &[UserIdx]) -> Self {
        let n = users.len();
        Self {
            users: users.to_vec(),
            ends: vec![StepEnd::Continues; n],
            shown: vec![Vec::new(); n],
            rewards: vec![0.0; n],
            recent: distance_rule(environment.rule()).map(|rule| RecentItems::new(rule, n)),
        }
    }

    pub(crate) fn user(&self, at: usize) -> UserIdx {
        self.users[at]
    }

    pub(crate) fn shown(&self, at: usize) -> &[ItemIdx] {
        &self.shown[at]
    }

    pub(crate) fn end(&self, at: usize) -> StepEnd {
        self.ends[at]
    }

    /// Starts a session over, keeping the memory.
    pub(crate) fn restart(&mut self, at: usize, user: UserIdx) {
        self.users[at] = user;
        self.ends[at] = StepEnd::Continues;
        self.shown[at].clear();
    }

    /// Whether every session can take its item.
    pub(crate) fn check(&self, n_items: usize, items: &[ItemIdx]) -> Result<(), EnvironmentError> {
        if self.ends.iter().any(|end| !end.continues()) {
            return Err(EnvironmentError::Ended);
        }
        match items.iter().find(|item| item.index() >= n_items) {
            Some(&item) => Err(EnvironmentError::UnknownItem(item)),
            None => Ok(()),
        }
    }

    /// Shows one item in every session; the items were checked.
    pub(crate) fn step(&mut self, environment: &Environment, items: &[ItemIdx], outcomes: &mut [Outcome]) {
        environment.rewards().fill_cells(&self.users, items, &mut self.rewards);
        if let (Some(recent), Some((source, pairs))) = (&mut self.recent, environment.near_pairs()) {
            recent.compare(source, pairs, items);
        }
        let sessions = self.shown.iter_mut().zip(&mut self.ends).zip(&self.rewards);
        for (at, (((shown, end), &reward), outcome)) in sessions.zip(outcomes).enumerate() {
            let item = items[at];
            *outcome = environment.outcome(reward, shown.len(), || match &self.recent {
                Some(recent) => recent.ends(at, shown.len()),
                None => environment.rule().ends_by_content(item, shown, environment.features()),
            });
            *end = outcome.end;
            shown.push(item);
            if let Some(recent) = &mut self.recent {
                recent.push(at, item);
            }
        }
    }
}
