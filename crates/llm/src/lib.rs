//! Language models behind one trait: they write text, say how likely a given text is, and turn text into vectors.

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
mod scripted;
mod uri;

pub use budget::{Budget, Budgeted};
pub use cassette::{Cassette, Recorded, Replay};
pub use counted::Counted;
pub use embedding::BuiltinEmbedder;
pub use error::LlmError;
pub use extent::{AtMost, Embedded};
pub use http::{Endpoint, Http, HttpSettings};
pub use ledger::{Count, Ledger};
pub use model::{
    AgentRole, Capabilities, Choices, Completion, Continuation, Generate, LanguageModel, Message, OnAnswer,
    Sampling, Score, Speaker, StopReason, Usage,
};
pub use money::{Money, Price, Prices};
pub use scripted::Scripted;
pub use uri::{LlmUri, UriError};

#[cfg(test)]
mod tests;
