//! Language models behind one trait: they write text, say how likely a given text is, and turn text into vectors.

mod error;
mod model;

pub use error::LlmError;
pub use model::{
    AgentRole, Capabilities, Choices, Completion, Continuation, Generate, LanguageModel, Message, Sampling,
    Score, Speaker, StopReason, Usage,
};
