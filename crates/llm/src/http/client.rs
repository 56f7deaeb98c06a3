//! The model behind a server.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use ureq::Agent;

use super::attempts::{Answered, Call};
use super::body::{begun, chat_body, embedding_body};
use super::breaker::Breaker;
use super::limits::Limits;
use super::parallel::in_parallel;
use super::transport::{Failure, agent, get};
use super::wire::{read_chat, read_embeddings, read_models};
use super::{Endpoint, HttpSettings};
use crate::{
    AtMost, BeforeSending, Capabilities, Completion, Continuation, Embedded, Generate, LanguageModel,
    LlmError, OnAnswer, OnScored, Score, Usage,
};

/// A model behind an OpenAI-compatible server.
///
/// What an answer cost is what the server says, or an estimate where it does not. An attempt whose answer was lost
/// may have been paid for; it is counted with the most it can have cost.
#[derive(Debug)]
pub struct Http {
    pub(super) endpoint: Endpoint,
    pub(super) model: String,
    pub(super) capabilities: Capabilities,
    pub(super) settings: HttpSettings,
    pub(super) agent: Agent,
    pub(super) limits: Limits,
    pub(super) breaker: Breaker,
    pub(super) seed: u64,
    pub(super) n_calls: AtomicU64,
}

impl Http {
    /// A model of a server. `seed` sets the jitter of the pauses and changes no answer.
    pub fn new(endpoint: Endpoint, model: &str, settings: HttpSettings, seed: u64) -> Self {
        // Whether a schema is sent changes answers, so it is part of the name.
        let with_schema = if settings.json_schema { "+schema" } else { "" };
        let capabilities = Capabilities {
            model: format!("openai:{model}{with_schema}"),
            context: settings.context,
            generates: true,
            scores: false,
            embeds: true,
            obeys_schema: settings.json_schema,
            obeys_choices: false,
            batch: settings.concurrency.get().into(),
        };
        Self {
            agent: agent(&endpoint, &settings),
            limits: Limits::new(&settings),
            breaker: Breaker::new(
                settings.breaker_failures.get(),
                Duration::from_millis(settings.breaker_pause_ms),
            ),
            model: model.to_owned(),
            n_calls: AtomicU64::new(0),
            endpoint,
            capabilities,
            settings,
            seed,
        }
    }

    /// The server.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The names of the server's models, asked for once and without patience: whether it is there, and whether the
    /// key is right.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if it is not there or does not let us in, [`LlmError::Failed`] if it does not tell.
    pub fn models(&self) -> Result<Vec<String>, LlmError> {
        let answer = get(&self.agent, &self.endpoint, "models", &self.settings);
        let names = answer.and_then(|bytes| read_models(&bytes).map_err(Failure::Lost));
        let names = names.map_err(|failure| match failure {
            Failure::Fatal(error) => error,
            Failure::Unreachable(reason) => self.unreachable(&reason),
            other => LlmError::Failed { reason: other.to_string() },
        })?;
        Ok(names.into_iter().map(|name| self.endpoint.scrub_message(name)).collect())
    }

    pub(super) fn unreachable(&self, reason: &str) -> LlmError {
        LlmError::Unavailable {
            reason: format!("the server is not reached: {reason}: {}", self.endpoint.base()),
            hint: "start the server, or set OPENAI_BASE_URL to where it is".to_owned(),
        }
    }

    fn generate_one(&self, request: &Generate) -> Result<Completion, LlmError> {
        if request.choices.is_some() {
            return Err(self.cannot("choose among given texts"));
        }
        let body = chat_body(&self.model, request, &self.settings);
        let prompt: usize = request.messages.iter().map(|message| self.count_tokens(&message.content)).sum();
        let tokens = prompt as u64 + u64::from(request.sampling.max_tokens);
        let call = Call { service: "chat/completions", body: &body, tokens };
        let most_tokens = request.sampling.max_tokens;
        let answered = self.call(&call, |bytes| read_chat(bytes, most_tokens))?;
        let Answered { value: written, n_lost, seconds } = answered;
        let estimate = || {
            let tokens_out = self.count_tokens(&written.text) as u64;
            Usage { tokens_in: prompt as u64, tokens_out, ..Usage::default() }
        };
        let usage = written.usage.unwrap_or_else(estimate);
        let text = self.endpoint.scrub_answer(written.text);
        let text =
            begun(request).and_then(|begun| text.strip_prefix(begun)).map(str::to_owned).unwrap_or(text);
        let usage = with_lost(usage, self.once(request).times(n_lost), seconds);
        Ok(Completion { text, stop: written.stop, log_prob: None, choice: None, usage })
    }

    /// The most that one attempt can cost.
    fn once(&self, request: &Generate) -> AtMost {
        let schema = request.schema.as_ref().filter(|_| self.settings.json_schema);
        let mut most = AtMost::of_generate(request);
        most.tokens_in += schema.map_or(0, |schema| schema.to_string().len() as u64);
        most
    }

    fn embed_batch(&self, texts: &[String]) -> Result<Embedded, LlmError> {
        let body = embedding_body(&self.model, texts);
        let tokens = texts.iter().map(|text| self.count_tokens(text) as u64).sum();
        let call = Call { service: "embeddings", body: &body, tokens };
        let answered =
            self.call(&call, |bytes| read_embeddings(bytes, texts.len()).map_err(Failure::Lost))?;
        let (vectors, usage) = answered.value;
        let usage = usage.unwrap_or(Usage { tokens_in: tokens, ..Usage::default() });
        let lost = AtMost::of_texts(texts).times(answered.n_lost);
        Ok(Embedded { vectors, usage: with_lost(usage, lost, answered.seconds) })
    }
}

/// What was paid, with what may have been paid for nothing.
pub(super) fn with_lost(usage: Usage, lost: AtMost, seconds: f64) -> Usage {
    Usage {
        tokens_in: usage.tokens_in.saturating_add(lost.tokens_in),
        tokens_out: usage.tokens_out.saturating_add(lost.tokens_out),
        seconds,
        ..usage
    }
}

impl LanguageModel for Http {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        self.generate_each(requests, &|_, _| {})
    }

    fn generate_each(
        &self,
        requests: &[Generate],
        on_answer: OnAnswer<'_>,
    ) -> Vec<Result<Completion, LlmError>> {
        self.generate_each_after(requests, &|_| Ok(()), on_answer)
    }

    fn generate_each_after(
        &self,
        requests: &[Generate],
        before: BeforeSending<'_>,
        on_answer: OnAnswer<'_>,
    ) -> Vec<Result<Completion, LlmError>> {
        in_parallel(self.settings.concurrency.get().into(), requests.len(), |place| {
            let answer = before(place).and_then(|()| self.generate_one(&requests[place]));
            on_answer(place, &answer);
            answer
        })
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        self.embed_counted(texts).map(|embedded| embedded.vectors)
    }

    fn embed_counted(&self, texts: &[String]) -> Result<Embedded, LlmError> {
        let batches: Vec<&[String]> = texts.chunks(self.settings.embedding_batch.get().into()).collect();
        let n_threads = self.settings.concurrency.get().into();
        let answers = in_parallel(n_threads, batches.len(), |place| self.embed_batch(batches[place]));
        let mut all = Embedded { vectors: Vec::with_capacity(texts.len()), usage: Usage::default() };
        let is_partly_paid =
            answers.iter().any(|answer| answer.as_ref().err().is_none_or(LlmError::may_have_cost));
        for answer in answers {
            let answer = answer.map_err(|error| if is_partly_paid { error.perhaps_paid() } else { error });
            let Embedded { vectors, usage } = answer?;
            let same_width = |first: &Vec<f32>| vectors.iter().all(|vector| vector.len() == first.len());
            if !all.vectors.first().is_none_or(same_width) {
                return Err(LlmError::Failed { reason: "the vectors are not all of one width".to_owned() });
            }
            all.vectors.extend(vectors);
            all.usage = all.usage.plus(&usage);
        }
        Ok(all)
    }

    fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
        self.score_each(requests, &|_| Ok(()), &|_, _| {})
    }

    fn score_each(
        &self,
        requests: &[Score],
        before: BeforeSending<'_>,
        on_scored: OnScored<'_>,
    ) -> Vec<Result<Vec<Continuation>, LlmError>> {
        self.score_all(requests, before, on_scored)
    }

    fn scores_prefix_per_continuation(&self) -> bool {
        true
    }

    fn at_most(&self, request: &Generate) -> AtMost {
        self.once(request).times(self.settings.n_payments())
    }

    fn score_at_most(&self, request: &Score) -> AtMost {
        AtMost::of_score(request).times(self.settings.n_payments())
    }

    fn embed_at_most(&self, texts: &[String]) -> AtMost {
        AtMost::of_texts(texts).times(self.settings.n_payments())
    }
}
