//! The client against a server that misbehaves in every way.

mod advice;
mod embeddings;
mod faults;
mod flow;
mod forms;
mod key;
mod none;
mod parts;
mod pauses;
mod requests;
mod reruns;
mod scores;
mod server;

use crate::tests::ask;
use crate::*;
use server::{Reply, Server, http};

/// Retries at once and without many words.
pub(crate) fn quick() -> HttpSettings {
    HttpSettings { retries: 3, first_delay_ms: 1, longest_delay_ms: 2, ..HttpSettings::default() }
}

/// A client of this server.
pub(crate) fn client(server: &Server, settings: HttpSettings) -> Http {
    Http::new(Endpoint::new(&server.base(), None).unwrap(), "tiny", settings, 7)
}

/// Asks one question.
pub(crate) fn ask_one(model: &impl LanguageModel) -> Result<Completion, LlmError> {
    model.generate(&[ask("hello")]).pop().unwrap()
}

/// A whole answer with a status and a JSON text.
pub(crate) fn status(status: &str, headers: &str, body: &str) -> Reply {
    Reply::Whole(http(status, headers, body.as_bytes()))
}
