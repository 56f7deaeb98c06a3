//! What finished batches add up to.

use crate::play::Batch;
use crate::seat::Seat;
use crate::{AgentError, AgentsCollected, Collection, Progress};
use demonstrations::{AgentAccount, CollectReport, Cost, Demonstration, DemonstrationError, GroundingTally};
use llm::LlmError;
use mdp::UserIdx;
use std::collections::BTreeSet;

/// Finished batches.
#[derive(Default)]
pub(crate) struct Sum {
    demonstrations: Vec<Demonstration>,
    report: CollectReport,
    pub(crate) account: AgentAccount,
    tally: GroundingTally,
    grounding: [u64; 5],
    sessions: usize,
    of_sessions: usize,
    total_return: f64,
    users: BTreeSet<UserIdx>,
}

impl Sum {
    /// Nothing yet, of so many sessions.
    pub(crate) fn of(of_sessions: usize) -> Self {
        Self { of_sessions, ..Self::default() }
    }

    /// Adds a finished batch.
    pub(crate) fn add(&mut self, batch: Batch) {
        self.account.add(&batch.account);
        for finished in batch.finished {
            let report = &mut self.report;
            self.sessions += 1;
            report.given_up += u64::from(finished.is_given_up);
            report.answers += finished.answers.len() as u64;
            for answer in &finished.answers {
                self.tally.add(&answer.text, &answer.grounded, false);
                self.grounding[answer.grounded.grounding.status as usize] += 1;
                report.refused_ungrounded += u64::from(answer.grounded.item.is_none());
                report.refused_known += u64::from(answer.grounded.item.is_some() && !answer.is_shown);
            }
            let demonstration = finished.demonstration;
            self.users.insert(demonstration.user);
            report.steps += demonstration.steps.len() as u64;
            self.total_return += f64::from(demonstration.return_raw());
            if demonstration.steps.is_empty() {
                report.episodes_empty += 1;
            } else {
                self.demonstrations.push(demonstration);
            }
        }
        self.report.episodes = self.demonstrations.len() as u64;
    }

    /// How far it is, with a batch that is not over.
    pub(crate) fn progress(&self, seats: &[Seat<'_>], account: &AgentAccount) -> Progress {
        let mut total = self.account.total();
        total.add(&account.total());
        let mut grounding = self.grounding;
        for answer in seats.iter().flat_map(|seat| &seat.answers) {
            grounding[answer.grounded.grounding.status as usize] += 1;
        }
        Progress {
            sessions: self.sessions,
            of_sessions: self.of_sessions,
            users: self
                .users
                .iter()
                .copied()
                .chain(seats.iter().map(|s| s.user))
                .collect::<BTreeSet<_>>()
                .len(),
            steps: self.report.steps + seats.iter().map(|seat| seat.steps.len() as u64).sum::<u64>(),
            mean_return: self.total_return / self.sessions.max(1) as f64,
            grounding,
            tokens_in: total.tokens_in,
            tokens_out: total.tokens_out,
        }
    }

    /// Whether there is no step at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.demonstrations.is_empty()
    }

    /// Why there is nothing: the model gave no answer, or none that could be shown.
    fn nothing(&self) -> AgentError {
        let total = self.account.total();
        if total.answered == 0 && total.failed > 0 {
            let most = self.account.failures.iter().max_by_key(|(_, count)| **count);
            let why = most.map_or(String::new(), |(why, _)| format!(": {why}"));
            let reason = format!("the model answered none of {} calls{why}", total.failed);
            let hint = "the same command asks again; `ilrec doctor` says whether a server answers".to_owned();
            return LlmError::Unavailable { reason, hint }.into();
        }
        let CollectReport { answers, refused_ungrounded, refused_known, .. } = self.report;
        DemonstrationError::Nothing(format!(
            "no answer of the model could be shown: of {answers} titles, {refused_known} are of items that the person \
             knows, {refused_ungrounded} of none in the catalogue"
        ))
        .into()
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
        let grounding = self.tally.finish(|item| collection.scene.catalogue.item(item).title.clone());
        let report = CollectReport { grounding, agents: Some(Box::new(self.account)), ..self.report };
        Ok(AgentsCollected { demonstrations: self.demonstrations, report, cost })
    }
}
