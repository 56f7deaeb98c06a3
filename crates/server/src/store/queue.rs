//! Group commit: what arrives while a batch is being written goes into the next one together.

use super::{Done, Event, Forgotten, Record, StoreError};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

/// The text of a record, and the session it belongs to.
pub(crate) struct Row {
    pub(crate) session: String,
    pub(crate) body: String,
    /// Whose session starts with it, where that was said.
    pub(crate) starts_for: Option<String>,
    /// Whether it says what somebody thinks of an item: a start with its history, or an answer.
    pub(crate) is_told: bool,
}

impl Row {
    fn of(record: Record) -> Result<Self, StoreError> {
        let body = serde_json::to_string(&record).map_err(|e| StoreError::Failed(e.to_string()))?;
        let is_told = matches!(record.event, Event::Started { .. } | Event::Answered { .. });
        let starts_for = match record.event {
            Event::Started { user, .. } => user,
            _ => None,
        };
        Ok(Self { session: record.session, body, starts_for, is_told })
    }
}

/// What a writer does. It runs in a thread of its own.
pub(crate) trait Writer: Send + 'static {
    /// Returns once all rows are kept; what it refuses is refused to everybody in it. Without a row it shows that it
    /// could write.
    fn commit(&mut self, rows: &[&Row]) -> Result<(), String>;

    /// Forgets sessions that had no event since a time, and says how much that was.
    fn forget(&mut self, sessions: &[String], before_millis: u64) -> Result<usize, String>;
}

enum Work {
    Batch(Batch),
    Forget { sessions: Vec<String>, before_millis: u64, done: Forgotten },
}

struct Batch {
    rows: Vec<Row>,
    /// Whoever wanted them kept was told something else by then.
    until: Instant,
    done: Done,
}

/// One thread that writes, and the bounded queue before it.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: Mutex<Option<SyncSender<Work>>>,
    writer: Mutex<Option<(JoinHandle<()>, Receiver<()>)>>,
    is_given_up: Arc<AtomicBool>,
}

/// Batches that wait for the writer, and how many of them are written together.
const N_WAITING: usize = 4096;
const N_TOGETHER: usize = 1024;

impl Queue {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn start(writer: impl Writer) -> Result<Self, StoreError> {
        let (sender, receiver) = sync_channel::<Work>(N_WAITING);
        let (tell_end, ended) = sync_channel::<()>(1);
        let is_given_up = Arc::new(AtomicBool::new(false));
        let flag = is_given_up.clone();
        let write = move || {
            Writing { writer, is_given_up: flag, trouble: None }.all(&receiver);
            // Nobody may wait for it any more.
            let _ = tell_end.try_send(());
        };
        let thread = std::thread::Builder::new().name("store".into());
        let thread = thread.spawn(write).map_err(StoreError::Start)?;
        let writer = Mutex::new(Some((thread, ended)));
        Ok(Self { sender: Mutex::new(Some(sender)), writer, is_given_up })
    }

    /// Puts records into the queue; none of them is a trial of the writer.
    ///
    /// # Errors
    /// When it is full or closed; then `done` is not called.
    pub(crate) fn append(&self, records: Vec<Record>, until: Instant, done: Done) -> Result<(), StoreError> {
        let rows = records.into_iter().map(Row::of).collect::<Result<Vec<_>, _>>()?;
        self.send(Work::Batch(Batch { rows, until, done }))
    }

    /// Forgets sessions that had no event since a time.
    ///
    /// # Errors
    /// As [`Queue::append`].
    pub(crate) fn forget(
        &self,
        sessions: Vec<String>,
        before_millis: u64,
        done: Forgotten,
    ) -> Result<(), StoreError> {
        self.send(Work::Forget { sessions, before_millis, done })
    }

    fn send(&self, work: Work) -> Result<(), StoreError> {
        let queue = locked(&self.sender);
        let sender = queue.as_ref().ok_or_else(|| StoreError::Failed("it is closed".into()))?;
        sender.try_send(work).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Failed("its writer has ended".into()),
        })
    }

    /// Writes what waits and joins the thread, but waits no longer than until then; `false` where that was done before or
    /// is not finished.
    pub(crate) fn close(&self, until: Instant) -> bool {
        let was_open = locked(&self.sender).take().is_some();
        let Some((writer, ended)) = locked(&self.writer).take() else { return false };
        let left = until.saturating_duration_since(Instant::now());
        if let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(left) {
            self.is_given_up.store(true, Ordering::Relaxed);
            tracing::error!("the store did not end in time: what was not acknowledged by now is not kept");
            return false;
        }
        if writer.join().is_err() {
            tracing::error!("the writer of the store ended by a panic");
        }
        was_open
    }
}

/// The thread's side.
struct Writing<W> {
    writer: W,
    is_given_up: Arc<AtomicBool>,
    /// Why the last batch was refused, so that the same is not said a thousand times.
    trouble: Option<String>,
}

impl<W: Writer> Writing<W> {
    fn all(&mut self, receiver: &Receiver<Work>) {
        while let Ok(first) = receiver.recv() {
            let (mut batches, mut others) = (Vec::new(), Vec::new());
            for work in std::iter::once(first).chain(receiver.try_iter().take(N_TOGETHER - 1)) {
                match work {
                    Work::Batch(batch) => batches.push(batch),
                    Work::Forget { sessions, before_millis, done } => {
                        others.push((sessions, before_millis, done));
                    }
                }
            }
            if !batches.is_empty() {
                self.commit(batches);
            }
            for (sessions, before_millis, done) in others {
                let outcome = self.unless_given_up(|writer| writer.forget(&sessions, before_millis));
                done(outcome.map_err(StoreError::Failed));
            }
        }
    }

    fn commit(&mut self, batches: Vec<Batch>) {
        let now = Instant::now();
        let (batches, late): (Vec<_>, Vec<_>) = batches.into_iter().partition(|batch| now < batch.until);
        late.into_iter().for_each(|batch| (batch.done)(Err(StoreError::Late)));
        if batches.is_empty() {
            return;
        }
        let rows: Vec<&Row> = batches.iter().flat_map(|batch| &batch.rows).collect();
        let outcome = self.unless_given_up(|writer| writer.commit(&rows));
        match &outcome {
            Ok(()) if self.trouble.take().is_some() => tracing::info!("the store writes again"),
            Ok(()) => {}
            Err(why) => {
                if self.trouble.as_ref() != Some(why) {
                    tracing::error!("the store could not write: {why}");
                }
                self.trouble = Some(why.clone());
            }
        }
        for batch in batches {
            (batch.done)(outcome.clone().map_err(StoreError::Failed));
        }
    }

    fn unless_given_up<T>(&mut self, work: impl FnOnce(&mut W) -> Result<T, String>) -> Result<T, String> {
        if self.is_given_up.load(Ordering::Relaxed) {
            return Err("the server has stopped".into());
        }
        work(&mut self.writer)
    }
}

/// The value; a thread that panicked with it leaves it as it was.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
