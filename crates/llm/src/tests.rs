//! What the wrappers around a model promise.

mod budget;
mod embedding;
mod ledger;
mod uri;

use crate::{AgentRole, Generate, Message, Sampling, Speaker};

/// A request of the actor with one message.
pub(crate) fn ask(text: &str) -> Generate {
    Generate {
        agent: AgentRole::Actor,
        messages: vec![Message { role: Speaker::User, content: text.to_owned() }],
        sampling: Sampling { temperature: 0.5, top_p: 0.9, max_tokens: 100, seed: 1, stop: Vec::new() },
        schema: None,
        choices: None,
        excluded: Vec::new(),
    }
}

/// One request per number.
pub(crate) fn asks(numbers: std::ops::Range<usize>) -> Vec<Generate> {
    numbers.map(|n| ask(&format!("question {n}"))).collect()
}
