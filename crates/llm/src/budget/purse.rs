//! What may still be spent, and who holds a part of it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::Budget;
use crate::cassette::ReservationId;
use crate::{AgentRole, AtMost, Cassette, Ledger, LlmError, Price, RunLock, Usage};

/// A budget, what was spent of it and what is reserved.
#[derive(Debug)]
pub(super) struct Purse {
    pub(super) price: Price,
    pub(super) budget: Budget,
    pub(super) ledger: Arc<Ledger>,
    pub(super) lasting: Option<Lasting>,
    reserved: Mutex<Reserved>,
    released: Condvar,
}

/// Where reservations outlive the process.
#[derive(Debug)]
pub(super) struct Lasting {
    pub(super) cassette: Arc<Cassette>,
    pub(super) model: String,
    pub(super) _run: Arc<RunLock>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Reserved {
    n_requests: usize,
    most: AtMost,
}

/// A place in the budget, given back when dropped. Its row, if it has one, stays until it is released.
#[derive(Debug)]
pub(super) struct Reservation<'a> {
    of: &'a Purse,
    most: AtMost,
    row: Option<ReservationId>,
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut reserved = self.of.lock();
        reserved.n_requests -= 1;
        reserved.most.tokens_in -= self.most.tokens_in;
        reserved.most.tokens_out -= self.most.tokens_out;
        drop(reserved);
        self.of.released.notify_all();
    }
}

impl Reservation<'_> {
    /// Notes it where a killed process does not take it along.
    pub(super) fn write_down(&mut self, agent: AgentRole) -> Result<(), LlmError> {
        if let Some(lasting) = &self.of.lasting {
            self.row = Some(lasting.cassette.reserve(&lasting.model, agent, self.most)?);
        }
        Ok(())
    }

    /// Books first and releases then: in between the call counts twice, never not at all. Returns the row that is to be
    /// released as soon as the answer is kept; a call that may have been paid for without an answer keeps its row.
    pub(super) fn settle(self, agent: AgentRole, cost: Result<&Usage, &LlmError>) -> Option<ReservationId> {
        let Purse { ledger, price, .. } = self.of;
        match cost {
            Ok(usage) => ledger.book(agent, usage, price),
            Err(error) => ledger.book_failure(agent, error, self.most, price),
        }
        self.row.filter(|_| cost.err().is_none_or(|error| !error.may_have_cost()))
    }
}

impl Purse {
    pub(super) fn new(budget: Budget, price: Price, ledger: Arc<Ledger>) -> Self {
        Self { price, budget, ledger, lasting: None, reserved: Mutex::default(), released: Condvar::new() }
    }

    /// Forgets what was written down. If that fails, the call counts twice at the next start.
    pub(super) fn release(&self, row: Option<ReservationId>) {
        if let Some((lasting, row)) = self.lasting.as_ref().zip(row)
            && let Err(error) = lasting.cassette.release(row)
        {
            tracing::warn!(%error, "a reservation was not released");
        }
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
    fn try_reserve(&self, most: AtMost) -> Result<Reservation<'_>, String> {
        let mut reserved = self.lock();
        match self.refusal(reserved.most, most) {
            Some(what) => Err(what),
            None => Ok(self.take(&mut reserved, most)),
        }
    }

    /// Reserves when it fits; refuses as soon as nobody is under way whose rest could make room.
    pub(super) fn reserve(&self, most: AtMost) -> Result<Reservation<'_>, LlmError> {
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

    fn take(&self, reserved: &mut Reserved, most: AtMost) -> Reservation<'_> {
        reserved.n_requests += 1;
        reserved.most.tokens_in += most.tokens_in;
        reserved.most.tokens_out += most.tokens_out;
        Reservation { of: self, most, row: None }
    }

    /// Reserves for as many requests from the front as fit now, for at least one; or says why the first never will.
    pub(super) fn reserve_wave(&self, needs: &[AtMost]) -> Result<Vec<Reservation<'_>>, LlmError> {
        let Some((first, rest)) = needs.split_first() else { return Ok(Vec::new()) };
        let mut wave = vec![self.reserve(*first)?];
        wave.extend(rest.iter().map_while(|most| self.try_reserve(*most).ok()));
        Ok(wave)
    }
}
