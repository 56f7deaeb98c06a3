//! How many requests are under way at once: few at first, more while answers come quickly, half as many when one is late
//! or the server says that it is busy.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// At the start: a server that works on one request at a time is found out before any waits too long.
const FIRST: f64 = 2.0;
/// Part of the time that an answer may take, within which it counts as quick; there is room for more requests.
const QUICK: f64 = 0.25;
/// The part beyond which it counts as slow; fewer requests would be better.
const SLOW: f64 = 0.5;

/// A number of places that adapts.
#[derive(Debug)]
pub(crate) struct Gate {
    flow: Mutex<Flow>,
    freed: Condvar,
    most: f64,
    patience: Duration,
}

#[derive(Debug)]
struct Flow {
    allowed: f64,
    n_under_way: usize,
    /// How often the number went down to half; what was sent before says nothing about what is allowed now.
    n_halvings: u64,
}

/// A place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    gate: &'a Gate,
    n_halvings: u64,
    /// Requests under way when this one was sent, itself included, and how many were allowed.
    n_beside: usize,
    n_allowed: usize,
}

impl Gate {
    /// At most so many places, for answers that may take so long.
    pub(crate) fn new(most: usize, patience: Duration) -> Self {
        let most = most.max(1) as f64;
        let flow = Flow { allowed: FIRST.min(most), n_under_way: 0, n_halvings: 0 };
        Self { flow: Mutex::new(flow), freed: Condvar::new(), most, patience }
    }

    /// Waits for a place.
    pub(crate) fn enter(&self) -> Place<'_> {
        let is_full = |flow: &mut Flow| flow.n_under_way >= flow.allowed as usize;
        let mut flow = self.freed.wait_while(self.lock(), is_full).unwrap_or_else(PoisonError::into_inner);
        flow.n_under_way += 1;
        let n_allowed = flow.allowed as usize;
        Place { gate: self, n_halvings: flow.n_halvings, n_beside: flow.n_under_way, n_allowed }
    }

    fn lock(&self) -> MutexGuard<'_, Flow> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many may be under way now.
    #[cfg(test)]
    pub(crate) fn allowed(&self) -> usize {
        self.lock().allowed as usize
    }
}

impl Place<'_> {
    /// An answer came after so long.
    pub(crate) fn answered(&self, took: Duration) {
        let part = took.as_secs_f64() / self.gate.patience.as_secs_f64().max(f64::MIN_POSITIVE);
        let mut flow = self.gate.lock();
        // Places that nobody took say nothing about what the server bears.
        let was_busy = 2 * self.n_beside >= self.n_allowed;
        if part <= QUICK && was_busy {
            // Twice as many with each round of answers at first, one more later on.
            let step = if flow.n_halvings == 0 { 1.0 } else { 1.0 / flow.allowed };
            flow.allowed = (flow.allowed + step).min(self.gate.most);
        } else if part >= SLOW {
            flow.allowed = (flow.allowed - 1.0 / flow.allowed).max(1.0);
        }
        drop(flow);
        self.gate.freed.notify_all();
    }

    /// The answer was late, or the server too busy. How many were allowed, and are now, where that changed.
    pub(crate) fn overloaded(&self) -> Option<(usize, usize)> {
        let mut flow = self.gate.lock();
        let before = flow.allowed as usize;
        if self.n_halvings < flow.n_halvings || before <= 1 {
            return None;
        }
        // Those that were under way count, where they were fewer than allowed.
        flow.allowed = (flow.allowed.min(self.n_beside.max(flow.n_under_way) as f64) / 2.0).max(1.0);
        flow.n_halvings += 1;
        Some((before, flow.allowed as usize))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.gate.lock().n_under_way -= 1;
        self.gate.freed.notify_all();
    }
}
