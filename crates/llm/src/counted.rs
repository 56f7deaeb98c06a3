//! A model whose calls are booked.

use std::sync::Arc;

use crate::{
    AgentRole, AtMost, BeforeSending, Capabilities, Completion, Continuation, Embedded, Generate,
    LanguageModel, Ledger, LlmError, OnAnswer, OnScored, Price, Score, Usage,
};

/// The cost of several continuations together.
pub(crate) fn usage_of(continuations: &[Continuation]) -> Usage {
    continuations.iter().fold(Usage::default(), |sum, one| sum.plus(&one.usage))
}

/// A model whose every answer is booked, wherever it came from. Around a cassette it says what the answers once
/// cost; inside, what was paid now.
#[derive(Debug)]
pub struct Counted<M> {
    inner: M,
    price: Price,
    ledger: Arc<Ledger>,
}

impl<M: LanguageModel> Counted<M> {
    /// Books what `inner` answers.
    pub fn new(inner: M, price: Price, ledger: Arc<Ledger>) -> Self {
        Self { inner, price, ledger }
    }

    fn book(&self, agent: AgentRole, answer: Result<&Usage, &LlmError>, most: AtMost) {
        match answer {
            Ok(usage) => self.ledger.book(agent, usage, &self.price),
            Err(error) => self.ledger.book_failure(agent, error, most, &self.price),
        }
    }
}

impl<M: LanguageModel> LanguageModel for Counted<M> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
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
        self.inner.generate_each_after(requests, before, &|place, answer| {
            if let Some(request) = requests.get(place) {
                let cost = answer.as_ref().map(|completion| &completion.usage);
                self.book(request.agent, cost, self.inner.at_most(request));
            }
            on_answer(place, answer);
        })
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
        self.inner.score_each(requests, before, &|place, answer| {
            if let Some(request) = requests.get(place) {
                let usage = answer.as_ref().map(|continuations| usage_of(continuations));
                let cost = usage.as_ref().map_err(|error| *error);
                self.book(request.agent, cost, self.inner.score_at_most(request));
            }
            on_scored(place, answer);
        })
    }

    fn repeats_itself(&self) -> bool {
        self.inner.repeats_itself()
    }

    fn scores_prefix_per_continuation(&self) -> bool {
        self.inner.scores_prefix_per_continuation()
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        self.embed_counted(texts).map(|embedded| embedded.vectors)
    }

    fn embed_counted(&self, texts: &[String]) -> Result<Embedded, LlmError> {
        self.embed_kept(texts, &|_| {})
    }

    fn embed_kept(&self, texts: &[String], keep: &(dyn Fn(&Embedded) + Sync)) -> Result<Embedded, LlmError> {
        let answer = self.inner.embed_kept(texts, keep);
        let cost = answer.as_ref().map(|embedded| &embedded.usage);
        self.book(AgentRole::Other, cost, self.inner.embed_at_most(texts));
        answer
    }

    fn score_at_most(&self, request: &Score) -> AtMost {
        self.inner.score_at_most(request)
    }

    fn embed_at_most(&self, texts: &[String]) -> AtMost {
        self.inner.embed_at_most(texts)
    }

    fn at_most(&self, request: &Generate) -> AtMost {
        self.inner.at_most(request)
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.inner.count_tokens(text)
    }
}
