//! A model that stops before it costs more than it may.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::counted::usage_of;
use crate::model::OnAnswer;
use crate::{
    AgentRole, AtMost, Capabilities, Completion, Continuation, Embedded, Generate, LanguageModel, Ledger,
    LlmError, Money, Price, Score, Usage,
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
    price: Price,
    budget: Budget,
    ledger: Arc<Ledger>,
    reserved: Mutex<Reserved>,
    released: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Reserved {
    n_requests: usize,
    most: AtMost,
}

/// A place in the budget, given back when dropped.
#[derive(Debug)]
struct Reservation<'a, M> {
    of: &'a Budgeted<M>,
    most: AtMost,
}

impl<M> Drop for Reservation<'_, M> {
    fn drop(&mut self) {
        let mut reserved = self.of.lock();
        reserved.n_requests -= 1;
        reserved.most.tokens_in -= self.most.tokens_in;
        reserved.most.tokens_out -= self.most.tokens_out;
        drop(reserved);
        self.of.released.notify_all();
    }
}

impl<M> Budgeted<M> {
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
        let price = price.unwrap_or_default();
        Ok(Self { inner, price, budget, ledger, reserved: Mutex::default(), released: Condvar::new() })
    }

    /// Where the answers are booked.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    fn lock(&self) -> MutexGuard<'_, Reserved> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why `more` does not fit beside what was spent and is reserved.
    fn refusal(&self, reserved: AtMost, more: AtMost) -> Option<String> {
        let spent = self.ledger.total();
        if let Some(limit) = self.budget.tokens {
            let taken = spent.tokens().saturating_add(reserved.tokens());
            if taken.saturating_add(more.tokens()) > limit {
                let need = more.tokens();
                return Some(format!("{taken} of {limit} tokens, this call may need {need}"));
            }
        }
        let limit = self.budget.money?;
        let cost = |most: AtMost| self.price.of(most.tokens_in, 0, most.tokens_out);
        let taken = spent.total_money().plus(cost(reserved));
        let need = cost(more);
        (taken.plus(need) > limit).then(|| format!("{taken} of {limit} in money, this call may need {need}"))
    }

    /// Reserves at once if it fits now.
    fn try_reserve(&self, most: AtMost) -> Result<Reservation<'_, M>, String> {
        let mut reserved = self.lock();
        match self.refusal(reserved.most, most) {
            Some(what) => Err(what),
            None => Ok(self.take(&mut reserved, most)),
        }
    }

    /// Reserves when it fits; refuses as soon as nobody is under way whose rest could make room.
    fn reserve(&self, most: AtMost) -> Result<Reservation<'_, M>, LlmError> {
        let mut reserved = self.lock();
        loop {
            let Some(what) = self.refusal(reserved.most, most) else {
                return Ok(self.take(&mut reserved, most));
            };
            if reserved.n_requests == 0 || self.refusal(AtMost::default(), most).is_some() {
                return Err(LlmError::Budget { what });
            }
            reserved = self.released.wait(reserved).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn take(&self, reserved: &mut Reserved, most: AtMost) -> Reservation<'_, M> {
        reserved.n_requests += 1;
        reserved.most.tokens_in += most.tokens_in;
        reserved.most.tokens_out += most.tokens_out;
        Reservation { of: self, most }
    }

    /// Books first and releases then: in between the call counts twice, never not at all.
    fn settle(&self, place: Reservation<'_, M>, agent: AgentRole, cost: Result<&Usage, &LlmError>) {
        match cost {
            Ok(usage) => self.ledger.book(agent, usage, &self.price),
            Err(error) => self.ledger.book_failure(agent, error, place.most, &self.price),
        }
        drop(place);
    }

    /// Reserves for as many requests from the front as fit now, for at least one; or says why the first never will.
    fn reserve_wave(&self, needs: &[AtMost]) -> Result<Vec<Reservation<'_, M>>, LlmError> {
        let Some((first, rest)) = needs.split_first() else { return Ok(Vec::new()) };
        let mut wave = vec![self.reserve(*first)?];
        wave.extend(rest.iter().map_while(|most| self.try_reserve(*most).ok()));
        Ok(wave)
    }
}

impl<M: LanguageModel> Budgeted<M> {
    /// Sends requests from `start` on that are all reserved for, and settles each as it is answered.
    fn send_wave(
        &self,
        requests: &[Generate],
        wave: Vec<Reservation<'_, M>>,
        on_answer: OnAnswer<'_>,
    ) -> Vec<Result<Completion, LlmError>> {
        let places: Mutex<Vec<Option<Reservation<'_, M>>>> = Mutex::new(wave.into_iter().map(Some).collect());
        let settle = |place: usize, answer: &Result<Completion, LlmError>| {
            let held =
                places.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place).and_then(Option::take);
            if let (Some(held), Some(request)) = (held, requests.get(place)) {
                self.settle(held, request.agent, answer.as_ref().map(|completion| &completion.usage));
            }
        };
        self.inner.generate_each(requests, &|place, answer| {
            settle(place, answer);
            on_answer(place, answer);
        })
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
        let needs: Vec<AtMost> = requests.iter().map(|request| self.inner.at_most(request)).collect();
        let mut answers = Vec::with_capacity(requests.len());
        while answers.len() < requests.len() {
            let start = answers.len();
            match self.reserve_wave(&needs[start..]) {
                Ok(wave) => {
                    let sent = &requests[start..start + wave.len()];
                    let told = |place: usize, answer: &_| on_answer(start + place, answer);
                    answers.extend(self.send_wave(sent, wave, &told));
                }
                Err(error) => {
                    answers.push(Err(error));
                    on_answer(start, &answers[start]);
                }
            }
        }
        answers
    }

    fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
        let needs: Vec<AtMost> = requests.iter().map(|request| self.inner.score_at_most(request)).collect();
        let mut answers = Vec::with_capacity(requests.len());
        while answers.len() < requests.len() {
            let start = answers.len();
            match self.reserve_wave(&needs[start..]) {
                Ok(wave) => {
                    let sent = &requests[start..start + wave.len()];
                    let scored = self.inner.score(sent);
                    for ((place, request), answer) in wave.into_iter().zip(sent).zip(&scored) {
                        let usage = answer.as_ref().map(|continuations| usage_of(continuations));
                        self.settle(place, request.agent, usage.as_ref().map_err(|error| *error));
                    }
                    answers.extend(scored);
                }
                Err(error) => answers.push(Err(error)),
            }
        }
        answers
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        self.embed_counted(texts).map(|embedded| embedded.vectors)
    }

    fn embed_counted(&self, texts: &[String]) -> Result<Embedded, LlmError> {
        let place = self.reserve(self.inner.embed_at_most(texts))?;
        let answer = self.inner.embed_counted(texts);
        let cost = answer.as_ref().map(|embedded| &embedded.usage);
        self.settle(place, AgentRole::Other, cost);
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
