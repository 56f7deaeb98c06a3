//! Language models behind one trait: they write text, say how likely a given text is, and turn text into vectors.

mod budget;
mod cassette;
mod counted;
mod error;
mod extent;
mod ledger;
mod model;
mod money;
mod pointer;
mod scripted;

pub use budget::{Budget, Budgeted};
pub use cassette::{Cassette, Recorded, Replay};
pub use counted::Counted;
pub use error::LlmError;
pub use extent::{AtMost, Embedded};
pub use ledger::{Count, Ledger};
pub use model::{
    AgentRole, Capabilities, Choices, Completion, Continuation, Generate, LanguageModel, Message, OnAnswer,
    Sampling, Score, Speaker, StopReason, Usage,
};
pub use money::{Money, Price, Prices};
pub use scripted::Scripted;

#[cfg(test)]
mod tests;
