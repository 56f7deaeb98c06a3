//! How much is ranked at once, and a bounded queue before it: what does not fit is refused at once.
//!
//! Ranking runs where the request is, on a thread of the runtime, so that no thread has to be woken for it and none for
//! its answer. The runtime has one thread more than may rank ([`n_threads`]): that one goes on reading and refusing.

use crate::Limits;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::sync::Semaphore;

/// Permits for those that rank, and a count of those that wait for one.
#[derive(Debug)]
pub(crate) struct Pool {
    permits: Semaphore,
    n_waiting: AtomicUsize,
    most: usize,
}

/// Threads that a runtime needs for these limits.
pub(crate) fn n_threads(limits: &Limits) -> usize {
    limits.n_threads.max(1) + 1
}

impl Pool {
    /// So many at once, so many that wait.
    pub(crate) fn new(n_at_once: usize, n_waiting: usize) -> Self {
        let permits = Semaphore::new(n_at_once.max(1));
        Self { permits, n_waiting: AtomicUsize::new(0), most: n_waiting.max(1) }
    }

    /// Runs `job`, unless its turn comes after the deadline: nobody waits for it then. A job that panics takes its
    /// answer with it, not the thread.
    ///
    /// # Errors
    /// When the queue is full, or the deadline passed before its turn.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let too_late = || Problem::busy("the request waited longer than its deadline");
        let permit = match self.permits.try_acquire() {
            Ok(permit) => permit,
            Err(_) => {
                let place = self.place()?;
                let permit = tokio::time::timeout_at(deadline.into(), self.permits.acquire()).await;
                drop(place);
                permit.map_err(|_| too_late())?.map_err(|_| Problem::busy("the server is stopping"))?
            }
        };
        if Instant::now() >= deadline {
            return Err(too_late());
        }
        let outcome = catch_unwind(AssertUnwindSafe(job));
        drop(permit);
        outcome.map_err(|_| Problem::internal(&"a request ended by a panic"))
    }

    /// Whether who comes now is refused.
    fn is_full(&self) -> bool {
        self.n_waiting.load(Ordering::Relaxed) >= self.most && self.permits.available_permits() == 0
    }

    /// A place among those that wait.
    fn place(&self) -> Result<Place<'_>, Problem> {
        let place = Place(&self.n_waiting);
        let n_before = self.n_waiting.fetch_add(1, Ordering::Relaxed);
        if n_before >= self.most { Err(too_many()) } else { Ok(place) }
    }

    /// Takes no more.
    pub(crate) fn close(&self) {
        self.permits.close();
    }
}

/// That there was room when the request came: asked for before its body is read, so that a refusal costs little.
#[derive(Debug)]
pub(crate) struct Room;

impl FromRequestParts<Arc<App>> for Room {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        if app.pool.is_full() { Err(too_many()) } else { Ok(Self) }
    }
}

fn too_many() -> Problem {
    Problem::busy("too many requests are waiting")
}

/// Counted until it is dropped, also where the client goes away meanwhile.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
