//! What all requests share.

use crate::Config;
use crate::arms::Arms;
use crate::availability::Availability;
use crate::budget::Budget;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::policies::Policies;
use crate::pool::Pool;
use crate::problem::Problem;
use crate::sessions::Sessions;
use crate::store::{Record, Store, StoreError};
use crate::store_reader::StoreReader;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, oneshot};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) policies: Policies,
    pub(crate) pool: Pool,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) reading: StoreReader,
    pub(crate) health: Health,
    pub(crate) sessions: Sessions,
    pub(crate) metrics: Metrics,
    pub(crate) arms: Arms,
    pub(crate) availability: Availability,
    /// What bodies may hold while they come.
    pub(crate) bodies: Arc<Budget>,
    /// Pages that read many files, one after the other.
    pub(crate) pages: Semaphore,
    n_refused: AtomicU64,
    is_draining: AtomicBool,
}

/// How long the store may take when the server starts.
const PATIENCE: Duration = Duration::from_secs(60);

impl App {
    /// Reads what the store says about the whole.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn new(
        config: Config,
        policies: Policies,
        pool: Pool,
        store: Arc<dyn Store>,
    ) -> Result<Self, StoreError> {
        let limits = config.limits;
        let availability = Availability::read(&*store, Instant::now() + PATIENCE)?;
        let sessions = Sessions::new(limits.n_sessions, limits.sessions_bytes);
        let reading = StoreReader::new(store.clone(), limits.n_readers, limits.n_waiting, limits.deadline);
        let bodies = Budget::new(limits.bodies_bytes);
        Ok(Self {
            config,
            policies,
            pool,
            store,
            reading,
            health: Health::default(),
            sessions,
            metrics: Metrics::default(),
            arms: Arms::default(),
            availability,
            bodies,
            pages: Semaphore::new(1),
            n_refused: AtomicU64::new(0),
            is_draining: AtomicBool::new(false),
        })
    }

    /// Keeps records, then takes them in, whether or not the client is still there: memory and disk never differ.
    ///
    /// # Errors
    /// As [`App::keep`]; nothing is taken in then.
    pub(crate) async fn keep_then(
        self: &Arc<Self>,
        records: Vec<Record>,
        take_in: impl FnOnce(&[Record]) + Send + 'static,
    ) -> Result<(), Problem> {
        let app = self.clone();
        let both = tokio::spawn(async move {
            app.keep(records.clone()).await?;
            take_in(&records);
            Ok(())
        });
        both.await.map_err(|error| Problem::internal(&error))?
    }

    /// When a request that begins now has to be answered.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.config.limits.deadline
    }

    /// Keeps records; when this returns without an error they are on disk.
    ///
    /// # Errors
    /// When they could not be written, or too much waits already.
    pub(crate) async fn keep(&self, records: Vec<Record>) -> Result<(), Problem> {
        let (reply, answer) = oneshot::channel();
        // Nobody there to take the answer: the request was given up, the records are kept all the same.
        let done = Box::new(move |outcome| drop(reply.send(outcome)));
        let refused = |error: StoreError| Problem::store(&error);
        self.store.append(records, self.deadline(), done).map_err(refused)?;
        match answer.await {
            Ok(outcome) => outcome.map_err(refused),
            Err(_) => Err(Problem::busy("the store is closing")),
        }
    }

    /// Counts an artefact of the watched folder that is not sound.
    pub(crate) fn refuse(&self) {
        self.n_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many artefacts of the watched folder were not sound.
    pub(crate) fn n_refused(&self) -> u64 {
        self.n_refused.load(Ordering::Relaxed)
    }

    /// Says that no new work should come this way.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Why no new work should come this way, if so.
    pub(crate) fn trouble(&self) -> Option<&'static str> {
        match (self.is_draining.load(Ordering::Relaxed), self.health.is_good()) {
            (true, _) => Some("the server is stopping"),
            (false, false) => Some("the store did not work when it was last tried; the log says why"),
            (false, true) => None,
        }
    }
}
