//! What the agents of a language model cost, and what of their answers was not understood.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many reasons for failed calls are told apart.
const N_REASONS: usize = 8;

/// The account of one collection; parts of it add up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentAccount {
    /// Calls by agent: `planner`, `actor`, `critic`, `reflector`.
    pub calls: BTreeMap<String, CallAccount>,
    /// Answers that were not, or only partly, understood, by kind.
    pub misunderstood: BTreeMap<String, u64>,
    /// How often a memory had something to say, by memory.
    pub reminders: BTreeMap<String, u64>,
    /// Steps without an item because the actor could not be asked or gave nothing that can be shown.
    pub steps_abandoned: u64,
    /// Why calls failed, by what the model or its server said; what is beyond a handful of reasons counts as `other`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<String, u64>,
    /// Why the collection stopped early, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// Calls of one agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallAccount {
    /// Answered calls.
    pub answered: u64,
    /// Calls without an answer.
    pub failed: u64,
    /// Tokens of the prompts, reused ones included.
    pub tokens_in: u64,
    /// Tokens of the prompts that were not evaluated again.
    pub tokens_reused: u64,
    /// Tokens of the answers.
    pub tokens_out: u64,
    /// Seconds.
    pub seconds: f64,
}

impl CallAccount {
    /// Adds another account of the same agent.
    pub fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.failed += other.failed;
        self.tokens_in += other.tokens_in;
        self.tokens_reused += other.tokens_reused;
        self.tokens_out += other.tokens_out;
        self.seconds += other.seconds;
    }
}

impl AgentAccount {
    /// Adds the account of another part of the same collection.
    pub fn add(&mut self, other: &Self) {
        for (agent, calls) in &other.calls {
            self.calls.entry(agent.clone()).or_default().add(calls);
        }
        for (kind, count) in &other.misunderstood {
            *self.misunderstood.entry(kind.clone()).or_default() += count;
        }
        for (memory, count) in &other.reminders {
            *self.reminders.entry(memory.clone()).or_default() += count;
        }
        for (why, count) in &other.failures {
            self.note_failures(why, *count);
        }
        self.steps_abandoned += other.steps_abandoned;
        if other.stopped.is_some() {
            self.stopped.clone_from(&other.stopped);
        }
    }

    /// Counts a call of an agent that failed, and why.
    pub fn fail(&mut self, agent: &str, why: &str) {
        self.calls.entry(agent.to_owned()).or_default().failed += 1;
        self.note_failures(why, 1);
    }

    fn note_failures(&mut self, why: &str, count: u64) {
        let is_full = self.failures.len() >= N_REASONS && !self.failures.contains_key(why);
        let why = if is_full { "other" } else { why };
        *self.failures.entry(why.to_owned()).or_default() += count;
    }

    /// All agents together.
    pub fn total(&self) -> CallAccount {
        let mut total = CallAccount::default();
        self.calls.values().for_each(|calls| total.add(calls));
        total
    }
}
