//! What was asked, by whom, and what it cost.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::{AgentRole, AtMost, LlmError, Money, Price, Usage};

/// What one agent's calls came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Count {
    /// Calls that were answered.
    pub calls: u64,
    /// Calls that failed for good.
    pub failures: u64,
    /// Tokens of the prompts.
    pub tokens_in: u64,
    /// Those of them that were not evaluated again.
    pub tokens_reused: u64,
    /// Tokens of the answers.
    pub tokens_out: u64,
    /// Most tokens the failed calls can have cost.
    pub tokens_lost: u64,
    /// Seconds from sending to answer, summed over calls, also over simultaneous ones.
    pub seconds: f64,
    /// What the answers cost.
    pub money: Money,
    /// The most that the failed calls can have cost.
    pub money_lost: Money,
}

impl Count {
    /// All tokens that were paid or may have been.
    pub fn tokens(&self) -> u64 {
        self.tokens_in.saturating_add(self.tokens_out).saturating_add(self.tokens_lost)
    }

    /// All money that was paid or may have been.
    pub fn total_money(&self) -> Money {
        self.money.plus(self.money_lost)
    }

    /// The sum of two counts.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            failures: self.failures.saturating_add(other.failures),
            tokens_in: self.tokens_in.saturating_add(other.tokens_in),
            tokens_reused: self.tokens_reused.saturating_add(other.tokens_reused),
            tokens_out: self.tokens_out.saturating_add(other.tokens_out),
            tokens_lost: self.tokens_lost.saturating_add(other.tokens_lost),
            seconds: self.seconds + other.seconds,
            money: self.money.plus(other.money),
            money_lost: self.money_lost.plus(other.money_lost),
        }
    }
}

/// Counts per agent, shared by whoever asks.
#[derive(Debug, Default)]
pub struct Ledger {
    counts: Mutex<BTreeMap<AgentRole, Count>>,
}

impl Ledger {
    /// Goes on where an earlier run stopped.
    pub fn from_counts(counts: BTreeMap<AgentRole, Count>) -> Self {
        Self { counts: Mutex::new(counts) }
    }

    /// The counts of now.
    pub fn counts(&self) -> BTreeMap<AgentRole, Count> {
        self.lock().clone()
    }

    /// The sum over the agents.
    pub fn total(&self) -> Count {
        self.lock().values().fold(Count::default(), |sum, count| sum.plus(count))
    }

    /// Adds what another part of the run came to.
    pub fn take_over(&self, counts: &BTreeMap<AgentRole, Count>) {
        counts.iter().for_each(|(&agent, count)| self.add(agent, count));
    }

    /// Books a call that was answered.
    pub fn book(&self, agent: AgentRole, usage: &Usage, price: &Price) {
        let call = Count {
            calls: 1,
            tokens_in: usage.tokens_in,
            tokens_reused: usage.tokens_reused,
            tokens_out: usage.tokens_out,
            seconds: usage.seconds,
            money: price.of(usage.tokens_in, usage.tokens_reused, usage.tokens_out),
            ..Count::default()
        };
        self.add(agent, &call);
    }

    /// Books a call that failed. Nobody says what it cost, so the most it can have cost is set aside; an error that
    /// was raised before anything was sent, or a refusal, costs nothing, and one that only says stop is no failure of a call.
    pub fn book_failure(&self, agent: AgentRole, error: &LlmError, most: AtMost, price: &Price) {
        if error.ends_the_run() {
            return;
        }
        let most = if error.may_have_cost() { most } else { AtMost::default() };
        self.book_lost(agent, most, price);
    }

    /// Sets aside what a call without an answer can have cost at most.
    pub(crate) fn book_lost(&self, agent: AgentRole, most: AtMost, price: &Price) {
        let call = Count {
            failures: 1,
            tokens_lost: most.tokens(),
            money_lost: price.of(most.tokens_in, 0, most.tokens_out),
            ..Count::default()
        };
        self.add(agent, &call);
    }

    fn add(&self, agent: AgentRole, call: &Count) {
        let mut counts = self.lock();
        let count = counts.entry(agent).or_default();
        *count = count.plus(call);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<AgentRole, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
