//! Models behind an OpenAI-compatible server: OpenAI itself, Ollama, llama.cpp, vLLM and others.
//!
//! Blocking calls on a bounded number of threads; every call ends, in an answer, a counted failure or an error that
//! stops the run. See [`HttpSettings`] for the limits, [`Endpoint`] for address and key.

mod attempts;
mod breaker;
mod client;
mod endpoint;
mod limits;
mod parallel;
mod retry;
mod score;
mod settings;
mod transport;
mod wire;

pub use client::Http;
pub use endpoint::Endpoint;
pub use settings::HttpSettings;

#[cfg(test)]
mod tests;
