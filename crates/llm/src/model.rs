//! What is asked of a language model, and what comes back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::thoughts::is_silent;

/// Who speaks in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// Standing instructions.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

/// One message of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Speaker,
    /// What is said.
    pub content: String,
}

/// On whose behalf a call is made; the ledger counts by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentRole {
    /// Thinks about what the user may want next.
    Planner,
    /// Names an item.
    Actor,
    /// Says how satisfied the user will be.
    Critic,
    /// Draws a lesson from a finished session.
    Reflector,
    /// Anything else.
    Other,
}

/// How the next token is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 is greedy.
    pub temperature: f32,
    /// Nucleus: the smallest set of tokens whose probability reaches this, in (0, 1].
    pub top_p: f32,
    /// Longest answer in tokens.
    pub max_tokens: u32,
    /// Seed of the draw; the same request with the same seed gets the same answer where the backend can.
    pub seed: u64,
    /// The answer ends before the first of these.
    pub stop: Vec<String>,
}

/// The only answers that are allowed, each a whole text, for constrained decoding. Shared by many requests:
/// what a session excludes stands beside it in [`Generate::excluded`].
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Choices {
    /// The texts; their order gives them their index.
    pub texts: Vec<String>,
}

/// A text is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generate {
    /// On whose behalf.
    pub agent: AgentRole,
    /// The chat so far. A last message of the assistant is a beginning of the answer which the model continues.
    pub messages: Vec<Message>,
    /// How to draw.
    pub sampling: Sampling,
    /// A JSON schema that the answer must fit, for backends that offer it; others ignore it.
    pub schema: Option<serde_json::Value>,
    /// The answer must be one of these.
    pub choices: Option<Arc<Choices>>,
    /// Indices into `choices` that are not allowed here, ascending.
    pub excluded: Vec<u32>,
}

/// The likelihood of given texts is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// On whose behalf.
    pub agent: AgentRole,
    /// The shared prefix: the chat so far, as in [`Generate::messages`].
    pub messages: Vec<Message>,
    /// The texts to follow it.
    pub continuations: Vec<String>,
}

/// Why a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The model ended it, or a stop string did.
    Stop,
    /// It reached [`Sampling::max_tokens`].
    Length,
    /// A constrained answer is complete.
    Choice,
}

/// What a call cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt, reused ones included.
    pub tokens_in: u64,
    /// Tokens of the prompt that were not evaluated again.
    pub tokens_reused: u64,
    /// Tokens written (for [`crate::LanguageModel::score`]: tokens of the continuations).
    pub tokens_out: u64,
    /// Seconds from sending to answer; a batch's time is shared among its requests.
    pub seconds: f64,
}

impl Usage {
    /// The cost of both.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            tokens_in: self.tokens_in.saturating_add(other.tokens_in),
            tokens_reused: self.tokens_reused.saturating_add(other.tokens_reused),
            tokens_out: self.tokens_out.saturating_add(other.tokens_out),
            seconds: self.seconds + other.seconds,
        }
    }
}

/// A text that was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The text, without what the request already held.
    pub text: String,
    /// Why it ended.
    pub stop: StopReason,
    /// Sum of the log-probabilities of its tokens (natural logarithm), where the backend says. Under
    /// constrained decoding: among the allowed continuations.
    pub log_prob: Option<f64>,
    /// Index into the choices, if the answer was constrained.
    pub choice: Option<u32>,
    /// What it cost.
    pub usage: Usage,
}

impl Completion {
    /// Whether it is no answer: nothing was chosen and nothing said beside thoughts.
    pub fn says_nothing(&self) -> bool {
        self.choice.is_none() && is_silent(&self.text)
    }
}

/// How likely one continuation is after the prefix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    /// Sum of the log-probabilities of its tokens, natural logarithm.
    pub log_prob: f64,
    /// Number of its tokens.
    pub n_tokens: u32,
    /// Its share of the call's cost: the prefix is counted with the first continuation only.
    pub usage: Usage,
}

/// What a model can do and how much fits into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The name under which calls are recorded: model and everything about it that changes its answers.
    pub model: String,
    /// Tokens of context, if known.
    pub context: Option<usize>,
    /// Whether [`crate::LanguageModel::generate`] works.
    pub generates: bool,
    /// Whether [`crate::LanguageModel::score`] works.
    pub scores: bool,
    /// Whether [`crate::LanguageModel::embed`] works.
    pub embeds: bool,
    /// Whether [`Generate::schema`] is obeyed.
    pub obeys_schema: bool,
    /// Whether [`Generate::choices`] is obeyed.
    pub obeys_choices: bool,
    /// Requests that are worth sending together.
    pub batch: usize,
}
