//! Models behind an OpenAI-compatible server: OpenAI itself, Ollama, llama.cpp, vLLM and others.
//!
//! Blocking calls on a bounded number of threads; every call ends, in an answer, a counted failure or an error that
//! stops the run. See [`HttpSettings`] for the limits, [`Endpoint`] for address and key.

mod advice;
mod attempts;
mod body;
mod breaker;
mod client;
mod endpoint;
mod flow;
mod limits;
mod parallel;
mod retry;
mod score;
mod settings;
mod stream;
mod transport;
mod verdict;
mod wire;

pub use client::Http;
pub use endpoint::Endpoint;
pub use settings::{HttpSettings, Parameter};

#[cfg(test)]
mod tests;
