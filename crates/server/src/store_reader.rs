//! Reading the store: so many at once, none longer than its request, and none on a thread of the runtime.

use crate::problem::Problem;
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Permits for those that read.
#[derive(Debug)]
pub(crate) struct StoreReader {
    store: Arc<dyn Store>,
    permits: Arc<Semaphore>,
    n_waiting: AtomicUsize,
    most_waiting: usize,
    deadline: Duration,
}

impl StoreReader {
    /// So many at once, so many that wait, so long.
    pub(crate) fn new(store: Arc<dyn Store>, n_at_once: usize, n_waiting: usize, deadline: Duration) -> Self {
        let permits = Arc::new(Semaphore::new(n_at_once.max(1)));
        Self { store, permits, n_waiting: AtomicUsize::new(0), most_waiting: n_waiting.max(1), deadline }
    }

    /// Whether others append to the same sessions.
    pub(crate) fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// Reads for a request.
    ///
    /// # Errors
    /// When too many wait, there is no time left, or the store refuses.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store, Instant) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let refused = |error: StoreError| Problem::store(&error);
        self.within(Instant::now() + self.deadline, work).await.map_err(refused)
    }

    /// Reads until a time.
    ///
    /// # Errors
    /// When too many wait, there is no time left, or the store refuses.
    pub(crate) async fn within<T: Send + 'static>(
        &self,
        until: Instant,
        work: impl FnOnce(&dyn Store, Instant) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = {
            let n_before = self.n_waiting.fetch_add(1, Ordering::Relaxed);
            let _place = Place(&self.n_waiting);
            if n_before >= self.most_waiting {
                return Err(StoreError::Busy);
            }
            let permit = tokio::time::timeout_at(until.into(), self.permits.clone().acquire_owned()).await;
            permit.map_err(|_| StoreError::Late)?.map_err(|_| StoreError::Late)?
        };
        let store = self.store.clone();
        // The permit goes with the work: whoever asked may be gone before it ends.
        let work = move || {
            let _seat = permit;
            work(&*store, until)
        };
        let outcome = tokio::time::timeout_at(until.into(), tokio::task::spawn_blocking(work)).await;
        outcome.map_err(|_| StoreError::Late)?.map_err(|error| StoreError::Failed(error.to_string()))?
    }
}

/// Counted until it is dropped, also where the client goes away meanwhile.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
