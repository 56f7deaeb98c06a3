//! Language models behind one trait: they write text, say how likely a given text is, and turn text into vectors.
//!
//! [`LanguageModel`] is the seam. Behind it stand [`Http`] (any OpenAI-compatible server), [`Replay`] (a recorded run),
//! [`BuiltinEmbedder`] (vectors without a model) and, for tests, [`Scripted`]; other crates add theirs. Around any of
//! them go wrappers, each a model again:
//!
//! - [`Budgeted`] books what is paid in a [`Ledger`] and stops before a budget is exceeded;
//! - [`Recorded`] keeps every answer in a [`Cassette`] and never asks for it twice;
//! - [`Counted`] books every answer, also those that the cassette gave.
//!
//! The order matters: what the cassette answers costs nothing, so the budget stands inside of it. For a budget that
//! holds across runs, [`Budgeted::lasting`] writes its reservations into the same cassette.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use llm::{Budget, Budgeted, Cassette, Endpoint, Http, HttpSettings, LanguageModel, Ledger, Recorded};
//! use std::sync::Arc;
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("calls.sqlite");
//!
//! let server = Endpoint::new("http://localhost:11434/v1", None)?;
//! let model = Http::new(server, "qwen2.5:0.5b", HttpSettings::default(), 0);
//! let ledger = Arc::new(Ledger::default());
//! let budget = Budget { tokens: Some(200_000), money: None };
//! let model = Budgeted::new(model, budget, None, Arc::clone(&ledger))?;
//! let model = Recorded::new(model, Arc::new(Cassette::open(&path)?))?;
//! assert_eq!(model.capabilities().model, "openai:qwen2.5:0.5b");
//! # Ok(())
//! # }
//! ```

mod budget;
mod cassette;
mod counted;
mod embedding;
mod error;
mod extent;
mod http;
mod ledger;
mod model;
mod money;
mod pointer;
mod run_lock;
mod scripted;
mod seam;
mod thoughts;
mod uri;

pub use budget::{Budget, Budgeted};
pub use cassette::{Cassette, Recorded, Replay};
pub use counted::Counted;
pub use embedding::BuiltinEmbedder;
pub use error::LlmError;
pub use extent::{AtMost, Embedded};
pub use http::{Endpoint, Http, HttpSettings, Parameter};
pub use ledger::{Count, Ledger};
pub use model::{
    AgentRole, Capabilities, Choices, Completion, Continuation, Generate, Message, Sampling, Score, Speaker,
    StopReason, Usage,
};
pub use money::{Money, Price, Prices};
pub use run_lock::RunLock;
pub use scripted::Scripted;
pub use seam::{BeforeSending, LanguageModel, OnAnswer, OnScored};
pub use thoughts::without_thoughts;
pub use uri::{LlmUri, UriError};

#[cfg(test)]
mod tests;
