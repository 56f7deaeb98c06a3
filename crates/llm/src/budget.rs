//! A model that stops before it costs more than it may.

mod purse;

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use self::purse::{Lasting, Purse, Reservation};
use crate::counted::usage_of;
use crate::seam::Told;
use crate::{
    AgentRole, AtMost, BeforeSending, Capabilities, Cassette, Completion, Continuation, Embedded, Generate,
    LanguageModel, Ledger, LlmError, Money, OnAnswer, OnScored, Price, RunLock, Score, Usage,
};

/// How much may be spent; what is not given is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// Tokens of prompts and answers together.
    pub tokens: Option<u64>,
    /// Money, in the unit of the price table.
    pub money: Option<Money>,
}

/// A model with a budget. Before a request is sent, the most it can cost is reserved; after the answer, the rest is
/// released. What is booked and what is reserved never exceed the budget together, however many threads ask, as long
/// as the model keeps to [`LanguageModel::at_most`]. A call that failed may have been paid for: it keeps its
/// reservation.
///
/// A request that would fit if others were not under way waits for them.
#[derive(Debug)]
pub struct Budgeted<M> {
    inner: M,
    purse: Purse,
}

impl<M: LanguageModel> Budgeted<M> {
    /// Lets `inner` spend up to `budget`; what stands in the ledger already counts, so that a run that goes on later
    /// keeps its limit. Answers are booked in the ledger.
    ///
    /// # Errors
    /// A limit on money without a price.
    pub fn new(
        inner: M,
        budget: Budget,
        price: Option<Price>,
        ledger: Arc<Ledger>,
    ) -> Result<Self, LlmError> {
        if budget.money.is_some() && price.is_none() {
            return Err(LlmError::Unavailable {
                reason: "a budget of money needs the model's price".to_owned(),
                hint: "add the model to the price table of the settings, or give a budget of tokens"
                    .to_owned(),
            });
        }
        Ok(Self { inner, purse: Purse::new(budget, price.unwrap_or_default(), ledger) })
    }

    /// Writes each reservation into the cassette right before its request is sent, until the answer is kept there. Who
    /// opens the cassette later finds in [`Cassette::paid`] also what a killed process had under way and what was lost.
    /// Two processes would not see each other's: hence the lock of the run.
    #[must_use]
    pub fn lasting(mut self, cassette: Arc<Cassette>, run: Arc<RunLock>) -> Self {
        let model = self.inner.capabilities().model.clone();
        self.purse.lasting = Some(Lasting { cassette, model, _run: run });
        self
    }

    /// Where the answers are booked.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.purse.ledger
    }

    /// Sends requests in waves for which all is reserved, and settles each as it is answered. `send` is given the
    /// range of a wave.
    fn in_waves<A>(
        &self,
        asked: &[(AgentRole, AtMost)],
        on_answer: Told<'_, A>,
        usage: impl Fn(&A) -> Usage + Sync,
        send: impl Fn(std::ops::Range<usize>, BeforeSending<'_>, Told<'_, A>) -> Vec<Result<A, LlmError>>,
    ) -> Vec<Result<A, LlmError>> {
        let needs: Vec<AtMost> = asked.iter().map(|(_, most)| *most).collect();
        let mut answers = Vec::with_capacity(asked.len());
        while answers.len() < asked.len() {
            let start = answers.len();
            let wave = match self.purse.reserve_wave(&needs[start..]) {
                Ok(wave) => wave,
                Err(error) => {
                    answers.push(Err(error));
                    on_answer(start, &answers[start]);
                    continue;
                }
            };
            let end = start + wave.len();
            let places: Vec<Mutex<Option<Reservation<'_>>>> =
                wave.into_iter().map(|place| Mutex::new(Some(place))).collect();
            let held = |at: usize| places[at].lock().unwrap_or_else(PoisonError::into_inner);
            let before =
                |at: usize| held(at).as_mut().map_or(Ok(()), |place| place.write_down(asked[start + at].0));
            let told = |at: usize, answer: &Result<A, LlmError>| {
                let place = held(at).take();
                let cost = answer.as_ref().map(&usage);
                let row =
                    place.and_then(|place| place.settle(asked[start + at].0, cost.as_ref().map_err(|e| *e)));
                on_answer(start + at, answer);
                self.purse.release(row);
            };
            answers.extend(send(start..end, &before, &told));
        }
        answers
    }
}

impl<M: LanguageModel> LanguageModel for Budgeted<M> {
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
        let asked: Vec<_> = requests.iter().map(|r| (r.agent, self.inner.at_most(r))).collect();
        self.in_waves(
            &asked,
            on_answer,
            |completion| completion.usage,
            |wave, before, told| self.inner.generate_each_after(&requests[wave], before, told),
        )
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
        let asked: Vec<_> = requests.iter().map(|r| (r.agent, self.inner.score_at_most(r))).collect();
        self.in_waves(
            &asked,
            on_scored,
            |scored| usage_of(scored),
            |wave, written, told| {
                let start = wave.start;
                let before = |at: usize| before(start + at).and_then(|()| written(at));
                self.inner.score_each(&requests[wave], &before, told)
            },
        )
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
        let mut place = self.purse.reserve(self.inner.embed_at_most(texts))?;
        place.write_down(AgentRole::Other)?;
        let answer = self.inner.embed_kept(texts, keep);
        let row = place.settle(AgentRole::Other, answer.as_ref().map(|embedded| &embedded.usage));
        self.purse.release(row);
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
