//! What finished batches add up to.

use crate::agent_session::AgentSession;
use crate::play::Batch;
use crate::{ActorKind, AgentError, AgentsCollected, Collection, Progress, Recall};
use demonstrations::{AgentAccount, CollectReport, Collected, Cost, Sum};
use mdp::UserIdx;
use std::collections::BTreeSet;

/// Finished batches.
#[derive(Default)]
pub(crate) struct Totals {
    sum: Sum,
    pub(crate) account: AgentAccount,
    grounding: [u64; 5],
    sessions: usize,
    of_sessions: usize,
    total_return: f64,
    users: BTreeSet<UserIdx>,
    pace: Pace,
}

/// What a step costs in calls, and how many steps a session has at most.
#[derive(Default)]
struct Pace {
    calls_per_step: u64,
    calls_per_session: u64,
    horizon: usize,
}

impl Pace {
    fn of(collection: &Collection<'_>) -> Self {
        let (settings, modules) = (collection.settings, collection.settings.modules());
        let actor = match settings.actor {
            ActorKind::Free => 1,
            // Each title by itself, with the history and without.
            ActorKind::Score if collection.model.scores_prefix_per_continuation() => {
                2 * settings.slate.size as u64
            }
            ActorKind::Score => 2,
        };
        Self {
            calls_per_step: actor + u64::from(modules.thought) + u64::from(modules.critic),
            calls_per_session: u64::from(modules.recall != Recall::Nothing),
            horizon: settings.horizon.min(collection.scene.environment.horizon()),
        }
    }
}

impl Totals {
    /// Nothing yet of a collection.
    pub(crate) fn of(collection: &Collection<'_>) -> Self {
        Self { of_sessions: collection.settings.n_episodes, pace: Pace::of(collection), ..Self::default() }
    }

    /// Adds a finished batch.
    pub(crate) fn add(&mut self, batch: Batch) {
        self.account.add(&batch.account);
        for finished in batch.finished {
            self.sessions += 1;
            for answer in &finished.answers {
                self.grounding[answer.grounded.grounding.status as usize] += 1;
            }
            self.users.insert(finished.demonstration.user);
            self.total_return += f64::from(finished.demonstration.return_raw());
            self.sum.add(finished);
        }
    }

    /// How far it is, with a batch that is not over.
    pub(crate) fn progress(&self, sessions: &[AgentSession], account: &AgentAccount) -> Progress {
        let mut total = self.account.total();
        total.add(&account.total());
        let mut grounding = self.grounding;
        for answer in sessions.iter().flat_map(|session| &session.answers) {
            grounding[answer.grounded.grounding.status as usize] += 1;
        }
        Progress {
            sessions: self.sessions,
            of_sessions: self.of_sessions,
            users: self
                .users
                .iter()
                .copied()
                .chain(sessions.iter().map(|s| s.user))
                .collect::<BTreeSet<_>>()
                .len(),
            steps: self.sum.report().steps
                + sessions.iter().map(|session| session.steps.len() as u64).sum::<u64>(),
            mean_return: self.total_return / self.sessions.max(1) as f64,
            grounding,
            tokens_in: total.tokens_in,
            tokens_out: total.tokens_out,
            calls_left: self.calls_left(sessions),
        }
    }

    /// How many calls are still to be made, if sessions go on as those did that are over; until one is, if they last as
    /// long as they may.
    fn calls_left(&self, sessions: &[AgentSession]) -> u64 {
        let Pace { calls_per_step, calls_per_session, horizon } = self.pace;
        let longest = horizon as f64;
        let mean =
            if self.sessions == 0 { longest } else { self.sum.report().steps as f64 / self.sessions as f64 };
        let going = sessions.iter().filter(|session| session.goes_on(horizon));
        let steps: f64 = going.map(|session| (mean - session.steps.len() as f64).max(1.0)).sum();
        let to_begin = self.of_sessions.saturating_sub(self.sessions).saturating_sub(sessions.len());
        let steps = (steps + to_begin as f64 * mean).round() as u64;
        let to_end = (to_begin + sessions.len()) as u64;
        steps.saturating_mul(calls_per_step).saturating_add(to_end * calls_per_session)
    }

    /// Whether there is no step at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.sum.is_empty()
    }

    /// Why there is nothing: no answer could be shown.
    fn nothing(&self) -> AgentError {
        let &CollectReport { answers, refused_ungrounded, refused_known, .. } = self.sum.report();
        let mut why = match answers {
            0 => format!("{} answers held no title", self.account.total().answered),
            _ => format!(
                "of {answers} titles, {refused_known} are of items that the person knows, {refused_ungrounded} of none in \
                 the catalogue"
            ),
        };
        if let Some((reason, n)) = self.account.failures.iter().max_by_key(|(_, n)| **n) {
            why.push_str(&format!("; {n} calls failed: {reason}"));
        }
        AgentError::NothingShown(why)
    }

    /// The sum as a result.
    pub(crate) fn finish(self, collection: &Collection<'_>) -> Result<AgentsCollected, AgentError> {
        let total = self.account.total();
        if self.is_empty() {
            return Err(self.nothing());
        }
        let cost = Cost {
            llm_calls: total.answered,
            tokens_in: total.tokens_in,
            tokens_out: total.tokens_out,
            seconds: total.seconds,
        };
        let Collected { demonstrations, report } = self.sum.finish(collection.scene);
        let report = CollectReport { agents: Some(Box::new(self.account)), ..report };
        Ok(AgentsCollected { demonstrations, report, cost, is_out_of_budget: false })
    }
}
