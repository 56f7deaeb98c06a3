//! A slate whose continuations are calls of their own.

use super::key::Call;
use crate::{Continuation, LlmError, Score};

/// Requests taken apart: each continuation by itself.
pub(crate) struct Singles {
    pub(crate) calls: Vec<Call>,
    pub(crate) requests: Vec<Score>,
}

impl Singles {
    /// Every continuation of these requests, in order.
    pub(crate) fn of<'a>(
        model: &str,
        requests: impl IntoIterator<Item = &'a Score>,
    ) -> Result<Self, LlmError> {
        let mut singles = Self { calls: Vec::new(), requests: Vec::new() };
        for request in requests {
            let prefix = Call::digest_of_prefix(request)?;
            for text in &request.continuations {
                singles.calls.push(Call::of_single(model, &prefix, request.agent, text));
                singles.requests.push(Score {
                    agent: request.agent,
                    messages: request.messages.clone(),
                    continuations: vec![text.clone()],
                });
            }
        }
        Ok(singles)
    }
}

/// All continuations of one slate, or why one is missing: before all, what ends the run.
pub(crate) fn whole<T>(parts: Vec<Result<T, LlmError>>) -> Result<Vec<T>, LlmError> {
    let is_end = |part: &Result<T, LlmError>| part.as_ref().is_err_and(LlmError::ends_the_run);
    match parts.iter().position(is_end) {
        Some(place) => parts.into_iter().skip(place).take(1).collect(),
        None => parts.into_iter().collect(),
    }
}

/// As [`whole`], of slates of one continuation each.
pub(crate) fn whole_of_singles(
    parts: Vec<Result<Vec<Continuation>, LlmError>>,
) -> Result<Vec<Continuation>, LlmError> {
    whole(parts).map(|slates| slates.into_iter().flatten().collect())
}
