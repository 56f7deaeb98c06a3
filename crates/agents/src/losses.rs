//! What became of the sessions that were asked for.

use crate::{AgentError, AgentsCollected};

/// How many reasons are told.
const N_REASONS: usize = 2;

/// Sessions that were asked for, and those that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Losses {
    /// Sessions that were asked for.
    pub asked: usize,
    /// Sessions with at least one step.
    pub kept: usize,
    /// Those of them in which no further item came although the user was there.
    pub cut_short: usize,
    /// Sessions without a single step.
    pub empty: usize,
    /// Sessions that were not played to their end.
    pub unfinished: usize,
    /// Calls that failed.
    pub failed_calls: u64,
    /// Whether the budget ended it, as whoever set it wanted.
    pub is_out_of_budget: bool,
    /// Why, the most frequent first.
    pub reasons: Vec<String>,
}

impl AgentsCollected {
    /// What became of the `asked` sessions.
    pub fn losses(&self, asked: usize) -> Losses {
        let report = &self.report;
        let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let (kept, empty) = (count(report.episodes), count(report.episodes_empty));
        let account = report.agents.as_deref();
        let mut failures: Vec<(&String, &u64)> = account.iter().flat_map(|a| &a.failures).collect();
        failures.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let failures = failures.into_iter().map(|(why, n)| format!("{n} calls failed: {why}"));
        let stopped = account.and_then(|account| account.stopped.clone());
        Losses {
            asked,
            kept,
            cut_short: count(report.given_up).saturating_sub(empty),
            empty,
            unfinished: asked.saturating_sub(kept).saturating_sub(empty),
            is_out_of_budget: self.is_out_of_budget,
            failed_calls: account.map_or(0, |account| account.total().failed),
            reasons: stopped.into_iter().chain(failures).take(N_REASONS).collect(),
        }
    }
}

impl Losses {
    /// Sessions that are not there.
    pub fn lost(&self) -> usize {
        self.asked.saturating_sub(self.kept)
    }

    /// Whether anything is missing that was asked for.
    pub fn is_any(&self) -> bool {
        self.lost() > 0 || self.cut_short > 0 || self.failed_calls > 0
    }

    /// Whether the same command would ask again for what is missing.
    pub fn goes_on(&self) -> bool {
        self.unfinished > 0 || self.failed_calls > 0
    }

    /// Refuses what is hardly what was asked for; a budget that was used up is no loss.
    ///
    /// # Errors
    /// [`AgentError::MostLost`] if fewer than half of the sessions are there.
    pub fn check(&self) -> Result<(), AgentError> {
        if 2 * self.kept < self.asked && !self.is_out_of_budget {
            Err(AgentError::MostLost(self.clone()))
        } else {
            Ok(())
        }
    }
}

impl std::fmt::Display for Losses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} sessions asked for, {} kept", self.asked, self.kept)?;
        let parts = [
            (self.empty, "without an answer that could be shown"),
            (self.unfinished, "not played to the end"),
            (self.cut_short, "kept but given up before the user left"),
        ];
        for (n, what) in parts.iter().filter(|(n, _)| *n > 0) {
            write!(f, ", {n} {what}")?;
        }
        self.reasons.iter().try_for_each(|why| write!(f, "; {why}"))
    }
}
