//! How to treat a server.

use std::collections::BTreeSet;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A parameter of a request that can be left out, for servers that refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parameter {
    /// How freely tokens are drawn; the server takes its own default then.
    Temperature,
    /// The nucleus.
    TopP,
    /// The seed of the draw.
    Seed,
    /// Where an answer ends.
    Stop,
    /// The longest answer, by whichever name it goes.
    MaxTokens,
}

/// Limits, patience and what the server offers; every value that can be written is valid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// The most requests under way at once. It begins with few, adds more while answers come quickly, and goes down
    /// to half whenever one is late or the server says that it is busy.
    pub concurrency: NonZeroU16,
    /// For finding and reaching the server.
    pub connect_timeout_ms: u64,
    /// For one attempt, from sending to the last byte of the answer.
    pub request_timeout_ms: u64,
    /// For one call with all its attempts, counted from the first attempt.
    pub total_timeout_ms: u64,
    /// Attempts in any minute.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Tokens in any minute: an estimate of the prompt, and the longest answer asked for, as servers count.
    pub tokens_per_minute: Option<NonZeroU32>,
    /// Further attempts after one that the server did not work on: refused, overloaded, broken, not there.
    pub retries: u32,
    /// Among them, further attempts after one that may have been paid for: timed out, cut off, or unreadable.
    /// A budget has to reserve for each of these.
    pub retries_after_loss: u32,
    /// Pause before the second attempt; it doubles with each attempt, and jitter takes up to half of it away.
    pub first_delay_ms: u64,
    /// Longest such pause. What a server asks for is honoured beyond it.
    pub longest_delay_ms: u64,
    /// The longest pause that a server may ask for; where it asks for more, the run ends and says until when.
    pub longest_wait_ms: u64,
    /// Calls that fail in a row until the server is given up for a while.
    pub breaker_failures: NonZeroU32,
    /// How long it is given up; then a single call tries it.
    pub breaker_pause_ms: u64,
    /// Longest answer that is read, in bytes.
    pub answer_bytes: u64,
    /// Texts per embedding request.
    pub embedding_batch: NonZeroU16,
    /// Tokens of context, if known.
    pub context: Option<usize>,
    /// Whether the server obeys `response_format` with a JSON schema. The schema has to be a strict one: all
    /// properties required, no additional ones.
    pub json_schema: bool,
    /// Whether the server has to be told to continue a last message of the assistant (vLLM).
    pub continue_final_message: bool,
    /// Whether the longest answer is called `max_completion_tokens` (newer models of OpenAI).
    pub max_completion_tokens: bool,
    /// Whether the server takes standing instructions; if not, they stand before the first message of the user.
    pub system_role: bool,
    /// What is left out of requests, because the server refuses it.
    pub omit: BTreeSet<Parameter>,
}

const fn sixteen(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("a constant above zero")
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            concurrency: sixteen(16),
            connect_timeout_ms: 10_000,
            request_timeout_ms: 120_000,
            total_timeout_ms: 600_000,
            requests_per_minute: None,
            tokens_per_minute: None,
            retries: 6,
            retries_after_loss: 1,
            first_delay_ms: 500,
            longest_delay_ms: 30_000,
            longest_wait_ms: 600_000,
            breaker_failures: NonZeroU32::new(8).expect("a constant above zero"),
            breaker_pause_ms: 30_000,
            answer_bytes: 8 << 20,
            embedding_batch: sixteen(64),
            context: None,
            json_schema: false,
            continue_final_message: false,
            max_completion_tokens: false,
            system_role: true,
            omit: BTreeSet::new(),
        }
    }
}

impl HttpSettings {
    /// For one attempt, with what is left of the whole call.
    pub(crate) fn attempt_timeout(&self, spent: Duration) -> Duration {
        Duration::from_millis(self.request_timeout_ms).min(self.left(spent))
    }

    /// What is left of the whole call.
    pub(crate) fn left(&self, spent: Duration) -> Duration {
        Duration::from_millis(self.total_timeout_ms).saturating_sub(spent)
    }

    /// The longest pause that a server may ask for.
    pub(crate) fn longest_wait(&self) -> Duration {
        Duration::from_millis(self.longest_wait_ms).min(self.left(Duration::ZERO))
    }

    /// Whether a parameter is sent.
    pub(crate) fn sends(&self, parameter: Parameter) -> bool {
        !self.omit.contains(&parameter)
    }

    /// How often one call can be paid for.
    pub(crate) fn n_payments(&self) -> u64 {
        1 + u64::from(self.retries_after_loss.min(self.retries))
    }
}
