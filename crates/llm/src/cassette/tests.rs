//! What a cassette promises.

mod damage;
mod lines;
mod processes;
mod record;
mod reservations;
mod strangers;

use std::path::Path;
use std::sync::Arc;

use crate::tests::asks;
use crate::*;

/// A model that says who it is and what it was asked.
pub(crate) fn parrot(who: &'static str) -> Scripted {
    Scripted::new(who, |request| format!("to {}", request.messages[0].content))
}

/// A cassette on disk beside a model.
pub(crate) fn recorded<M: LanguageModel>(inner: M, path: &Path) -> Recorded<M> {
    Recorded::new(inner, Arc::new(Cassette::open(path).unwrap())).unwrap()
}

/// Records the first `n` questions; returns the answers.
pub(crate) fn record(path: &Path, n: usize) -> Vec<Completion> {
    texts(recorded(parrot("m"), path).generate(&asks(0..n)))
}

/// All answers, which have to be there.
pub(crate) fn texts(answers: Vec<Result<Completion, LlmError>>) -> Vec<Completion> {
    answers.into_iter().map(Result::unwrap).collect()
}
