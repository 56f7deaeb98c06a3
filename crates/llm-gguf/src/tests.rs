//! The whole model: a tiny one made of random weights, and real ones where they are.

mod architectures;
mod behaviour;
mod hostile;
mod real;
mod templates;
mod tiny;

use llm::{AgentRole, Generate, Message, Sampling, Score, Speaker};

/// A request for one user message, greedy.
fn ask(text: &str, max_tokens: u32) -> Generate {
    Generate {
        agent: AgentRole::Other,
        messages: vec![message(Speaker::User, text)],
        sampling: Sampling { temperature: 0.0, top_p: 1.0, max_tokens, seed: 0, stop: Vec::new() },
        schema: None,
        choices: None,
        excluded: Vec::new(),
    }
}

fn message(role: Speaker, content: &str) -> Message {
    Message { role, content: content.to_owned() }
}

fn weigh(prefix: &str, continuations: &[&str]) -> Score {
    Score {
        agent: AgentRole::Other,
        messages: vec![message(Speaker::User, prefix)],
        continuations: continuations.iter().map(|text| (*text).to_owned()).collect(),
    }
}
