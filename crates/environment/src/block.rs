//! A few hundred sessions as columns: what a step looks at lies side by side.

use crate::environment::SoFar;
use crate::recent::{RecentItems, plain_window};
use crate::seed::Chance;
use crate::{Environment, EnvironmentError, Outcome, SessionSeed};
use mdp::{ItemIdx, StepEnd, UserIdx};

/// Sessions of one environment and the memory that their steps use again and again.
#[derive(Debug)]
pub(crate) struct Block {
    users: Vec<UserIdx>,
    chances: Vec<Chance>,
    ends: Vec<StepEnd>,
    /// What each session has shown, oldest first.
    shown: Vec<Vec<ItemIdx>>,
    /// Low rewards in a row, `[sessions]`.
    n_low: Vec<usize>,
    /// `[sessions]`
    rewards: Vec<f32>,
    /// Users of the sessions of a step.
    stepping: Vec<UserIdx>,
    /// Where the rule looks at distances.
    recent: Option<RecentItems>,
}

impl Block {
    /// New sessions of users that have a row.
    pub(crate) fn new(environment: &Environment, users: &[UserIdx]) -> Self {
        let n = users.len();
        Self {
            users: users.to_vec(),
            chances: vec![Chance::Seeded(SessionSeed::default()); n],
            ends: vec![StepEnd::Continues; n],
            shown: vec![Vec::new(); n],
            n_low: vec![0; n],
            rewards: vec![0.0; n],
            stepping: Vec::with_capacity(n),
            recent: plain_window(environment.rule()).map(|near| RecentItems::new(near, n)),
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

    pub(crate) fn chance(&self, at: usize) -> Chance {
        self.chances[at]
    }

    /// Starts a session over, keeping the memory.
    pub(crate) fn restart(&mut self, at: usize, user: UserIdx, chance: Chance) {
        self.users[at] = user;
        self.chances[at] = chance;
        self.ends[at] = StepEnd::Continues;
        self.shown[at].clear();
        self.n_low[at] = 0;
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
        if !environment.looks_at_history() {
            environment.rewards().fill_cells(&self.users, items, &mut self.rewards);
        }
        if let (Some(recent), Some((source, pairs))) = (&mut self.recent, environment.near_pairs()) {
            (0..items.len()).for_each(|at| recent.compare(source, pairs, at, items[at]));
        }
        for (at, (outcome, &item)) in outcomes.iter_mut().zip(items).enumerate() {
            *outcome = self.settle(environment, at, item, self.rewards[at]);
        }
    }

    /// As [`Block::step`] for some sessions, which are numbered from `first` on.
    pub(crate) fn step_some(
        &mut self,
        environment: &Environment,
        (first, sessions): (usize, &[usize]),
        items: &[ItemIdx],
        outcomes: &mut [Outcome],
    ) {
        if !environment.looks_at_history() {
            self.stepping.clear();
            self.stepping.extend(sessions.iter().map(|session| self.users[session - first]));
            environment.rewards().fill_cells(&self.stepping, items, &mut self.rewards[..items.len()]);
        }
        if let (Some(recent), Some((source, pairs))) = (&mut self.recent, environment.near_pairs()) {
            let pairs_of = sessions.iter().zip(items);
            pairs_of.for_each(|(session, &item)| recent.compare(source, pairs, session - first, item));
        }
        for (index, (outcome, &item)) in outcomes.iter_mut().zip(items).enumerate() {
            *outcome = self.settle(environment, sessions[index] - first, item, self.rewards[index]);
        }
    }

    /// What comes of an item in a session; its distances were compared. `reward` is the item's, where rewards do not look at
    /// what was shown.
    fn settle(&mut self, environment: &Environment, at: usize, item: ItemIdx, reward: f32) -> Outcome {
        let (user, shown) = (self.users[at], &mut self.shown[at]);
        let reward = match environment.looks_at_history() {
            true => environment.rewards().reward_after(user, item, shown),
            false => reward,
        };
        let n_low = environment.rule().low_in_a_row(self.n_low[at], reward);
        self.n_low[at] = n_low;
        let outcome =
            environment.outcome(reward, SoFar { n_shown: shown.len(), n_low }, || match &self.recent {
                Some(recent) => recent.ends(at, shown.len()),
                None => environment.ends_by_content((user, self.chances[at]), item, shown),
            });
        self.ends[at] = outcome.end;
        shown.push(item);
        if let Some(recent) = &mut self.recent {
            recent.push(at, item);
        }
        outcome
    }
}
