//! Giving a broken server up for a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Opens after a number of failed calls in a row; after a pause, lets one call try.
#[derive(Debug)]
pub(crate) struct Breaker {
    failures_to_open: u32,
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    n_failures: u32,
    open_since: Option<Instant>,
    is_probing: bool,
    last_reason: String,
}

impl Breaker {
    pub(crate) fn new(failures_to_open: u32, pause: Duration) -> Self {
        Self { failures_to_open, pause, state: Mutex::default() }
    }

    /// Whether a call may start now; if so, it has to end with [`Breaker::succeed`], [`Breaker::fail`] or
    /// [`Breaker::leave`].
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut state = self.lock();
        let Some(since) = state.open_since else { return true };
        let may_probe = !state.is_probing && now.saturating_duration_since(since) >= self.pause;
        state.is_probing |= may_probe;
        may_probe
    }

    /// The server answered.
    pub(crate) fn succeed(&self) {
        *self.lock() = State::default();
    }

    /// The call failed on the server's side, for this reason.
    pub(crate) fn fail(&self, now: Instant, reason: String) {
        let mut state = self.lock();
        state.last_reason = reason;
        state.n_failures = state.n_failures.saturating_add(1);
        if state.is_probing || state.n_failures >= self.failures_to_open {
            state.open_since = Some(now);
        }
        state.is_probing = false;
    }

    /// Why the last call failed.
    pub(crate) fn last_reason(&self) -> String {
        self.lock().last_reason.clone()
    }

    /// The call ended without saying anything about the server's health.
    pub(crate) fn leave(&self) {
        self.lock().is_probing = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
