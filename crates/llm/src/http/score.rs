//! How likely a server finds given texts: `/v1/completions` that repeats the prompt with its log-probabilities.

use std::sync::{Mutex, OnceLock, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use super::attempts::{Answered, Call};
use super::body::score_body;
use super::client::{Http, with_lost};
use super::parallel::in_parallel;
use super::transport::{Failure, post};
use super::wire::{parse, read_usage};
use crate::cassette::whole;
use crate::{
    AtMost, BeforeSending, Continuation, LanguageModel as _, LlmError, Message, OnScored, Score, Usage,
};

/// What it is to score.
const SCORING: &str = "say how likely a text is";
/// The service that scores.
const SERVICE: &str = "completions";
/// What is asked to see whether a server can score.
const PROBE: (&str, &str) = ("One, two,\n", "three");

impl Http {
    /// Finds out, with one request of a few tokens, whether the server tells how likely a prompt's tokens are (vLLM and
    /// the server of llama-cpp-python do), so that [`crate::LanguageModel::score`] works.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if it does not, or is not there.
    pub fn find_out_scoring(&mut self) -> Result<(), LlmError> {
        let (before, text) = PROBE;
        let timeout = self.settings.attempt_timeout(std::time::Duration::ZERO);
        let body = score_body(&self.model, before, text, &self.settings);
        let answer = post(&self.agent, &self.endpoint, SERVICE, &body, timeout, &self.settings);
        let scored = answer.and_then(|bytes| read(&bytes, before, text).map_err(Failure::Lost));
        self.capabilities.scores = scored.is_ok();
        match scored {
            Ok(_) => Ok(()),
            Err(Failure::Unreachable(reason)) => Err(self.unreachable(&reason)),
            Err(failure) => Err(LlmError::Unavailable {
                reason: format!("the server does not say how likely texts are: {failure}: {}", self.endpoint.base()),
                hint: "let the actor write (--actor free), take a server whose /v1/completions knows `echo` with \
                       `logprobs` (vLLM, llama-cpp-python), or a GGUF file in process"
                    .to_owned(),
            }),
        }
    }

    /// Every continuation of every request is a call of its own; all are under way together. Each request is told of as
    /// soon as its last continuation is there.
    pub(super) fn score_all(
        &self,
        requests: &[Score],
        before: BeforeSending<'_>,
        on_scored: OnScored<'_>,
    ) -> Vec<Result<Vec<Continuation>, LlmError>> {
        let slates: Vec<Slate> = requests.iter().map(Slate::of).collect();
        let each = |(at, request): (usize, &Score)| (0..request.continuations.len()).map(move |n| (at, n));
        let calls: Vec<(usize, usize)> = requests.iter().enumerate().flat_map(each).collect();
        in_parallel(self.settings.concurrency.get().into(), calls.len(), |place| {
            let (at, n) = calls[place];
            let slate = &slates[at];
            let can = self.capabilities.scores;
            let begun = slate.begun.get_or_init(|| if can { before(at) } else { Err(self.cannot(SCORING)) });
            let scored =
                begun.clone().and_then(|()| self.score_one(&slate.prefix, &requests[at].continuations[n]));
            if let Some(whole) = slate.put(n, scored) {
                on_scored(at, &whole);
                *slate.whole.lock().unwrap_or_else(PoisonError::into_inner) = whole;
            }
        });
        let answer = |slate: Slate| slate.whole.into_inner().unwrap_or_else(PoisonError::into_inner);
        slates.into_iter().map(answer).collect()
    }

    fn score_one(&self, prefix: &str, text: &str) -> Result<Continuation, LlmError> {
        let body = score_body(&self.model, prefix, text, &self.settings);
        let tokens = (prefix.len() + text.len()).div_ceil(4) as u64;
        let call = Call { service: SERVICE, body: &body, tokens };
        let Answered { value: scored, n_lost, seconds } =
            self.call(&call, |bytes| read(bytes, prefix, text).map_err(Failure::Lost))?;
        let n_tokens = scored.n_tokens;
        let said = scored.usage.unwrap_or(Usage { tokens_in: tokens, tokens_out: 1, ..Usage::default() });
        // The text's tokens are the work that was asked for: they count as written, beside the one token that is.
        let of_text = u64::from(n_tokens).min(said.tokens_in);
        let usage = Usage {
            tokens_in: said.tokens_in - of_text,
            tokens_reused: said.tokens_reused.min(said.tokens_in - of_text),
            tokens_out: said.tokens_out + of_text,
            seconds,
        };
        let once = AtMost { tokens_in: prefix.len() as u64, tokens_out: text.len() as u64 + 1 };
        Ok(Continuation {
            log_prob: scored.log_prob,
            n_tokens,
            usage: with_lost(usage, once.times(n_lost), seconds),
        })
    }
}

/// One request, its continuations coming in one by one.
struct Slate {
    prefix: String,
    begun: OnceLock<Result<(), LlmError>>,
    scored: Mutex<Vec<Option<Result<Continuation, LlmError>>>>,
    whole: Mutex<Result<Vec<Continuation>, LlmError>>,
}

impl Slate {
    fn of(request: &Score) -> Self {
        Self {
            prefix: prefix(&request.messages),
            begun: OnceLock::new(),
            scored: Mutex::new(vec![None; request.continuations.len()]),
            whole: Mutex::new(Ok(Vec::new())),
        }
    }

    /// Takes a continuation; gives all of them with the last. Where some may have been paid for, so may the whole.
    fn put(
        &self,
        n: usize,
        one: Result<Continuation, LlmError>,
    ) -> Option<Result<Vec<Continuation>, LlmError>> {
        let mut scored = self.scored.lock().unwrap_or_else(PoisonError::into_inner);
        scored[n] = Some(one);
        if scored.iter().any(Option::is_none) {
            return None;
        }
        let parts: Vec<_> = scored.drain(..).flatten().collect();
        let is_partly_paid = parts.iter().any(|part| part.as_ref().err().is_none_or(LlmError::may_have_cost));
        Some(whole(parts).map_err(|error| if is_partly_paid { error.perhaps_paid() } else { error }))
    }
}

/// A chat as plain text, for a service that knows no chat template: message under message.
fn prefix(messages: &[Message]) -> String {
    messages.iter().map(|message| format!("{}\n\n", message.content.trim_end())).collect()
}

struct Scored {
    log_prob: f64,
    n_tokens: u32,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct ScoreAnswer {
    choices: Vec<ScoreChoice>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct ScoreChoice {
    text: String,
    logprobs: Tokens,
}

#[derive(Deserialize)]
struct Tokens {
    token_logprobs: Vec<Option<f64>>,
    /// Where each token begins, in characters.
    text_offset: Vec<usize>,
}

/// Adds up the tokens that begin within the text.
fn read(bytes: &[u8], prefix: &str, text: &str) -> Result<Scored, String> {
    let answer: ScoreAnswer = parse(bytes)?;
    let choice = answer.choices.into_iter().next().ok_or("the answer has no choices")?;
    let Tokens { token_logprobs, text_offset } = choice.logprobs;
    let is_echo = choice.text.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(text));
    if !is_echo || token_logprobs.len() != text_offset.len() {
        return Err("the answer does not repeat the prompt with its log-probabilities".to_owned());
    }
    let start = prefix.chars().count();
    let end = start + text.chars().count();
    let tokens = text_offset.iter().zip(&token_logprobs).filter(|(at, _)| (start..end).contains(at));
    let log_probs: Option<Vec<f64>> = tokens.map(|(_, log_prob)| *log_prob).collect();
    let log_probs = log_probs.filter(|all| !all.is_empty() && all.iter().all(|x| x.is_finite() && *x <= 0.0));
    let log_probs = log_probs.ok_or("the answer lacks log-probabilities of the text")?;
    let n_tokens = u32::try_from(log_probs.len()).map_err(|_| "the answer has too many tokens")?;
    Ok(Scored { log_prob: log_probs.iter().sum(), n_tokens, usage: read_usage(&answer.usage) })
}
