//! Group commit: what arrives while a batch is being written goes into the next one together.

use super::{Done, Event, Record, StoreError};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The text of a record, and the session it belongs to.
pub(crate) struct Row {
    pub(crate) session: String,
    pub(crate) body: String,
    /// Whose session starts with it, where that was said.
    pub(crate) starts_for: Option<String>,
}

struct Batch {
    rows: Vec<Row>,
    done: Done,
}

/// One thread that writes, and the bounded queue before it.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: Mutex<Option<SyncSender<Batch>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Batches that wait for the writer, and how many of them are written together.
const N_WAITING: usize = 4096;
const N_TOGETHER: usize = 1024;

impl Queue {
    /// Starts the thread. `commit` returns once all rows are kept; what it refuses is refused to everybody in it.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn start(
        mut commit: impl FnMut(&[&Row]) -> Result<(), String> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (sender, receiver) = sync_channel::<Batch>(N_WAITING);
        let write = move || {
            while let Ok(first) = receiver.recv() {
                let mut batches = vec![first];
                batches.extend(receiver.try_iter().take(N_TOGETHER - 1));
                let rows: Vec<&Row> = batches.iter().flat_map(|batch| &batch.rows).collect();
                let outcome = commit(&rows);
                if let Err(why) = &outcome {
                    tracing::error!("the store could not write: {why}");
                }
                for batch in batches {
                    (batch.done)(outcome.clone().map_err(StoreError::Failed));
                }
            }
        };
        let thread = std::thread::Builder::new().name("store".into());
        let writer = thread.spawn(write).map_err(StoreError::Start)?;
        Ok(Self { sender: Mutex::new(Some(sender)), writer: Mutex::new(Some(writer)) })
    }

    /// Puts records into the queue.
    ///
    /// # Errors
    /// When it is full or closed; then `done` is not called.
    pub(crate) fn append(&self, records: Vec<Record>, done: Done) -> Result<(), StoreError> {
        let row = |record: Record| {
            let body = serde_json::to_string(&record).map_err(|e| StoreError::Failed(e.to_string()))?;
            let starts_for = match record.event {
                Event::Started { user, .. } => user,
                _ => None,
            };
            Ok::<_, StoreError>(Row { session: record.session, body, starts_for })
        };
        let rows = records.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
        let queue = locked(&self.sender);
        let sender = queue.as_ref().ok_or_else(|| StoreError::Failed("it is closed".into()))?;
        sender.try_send(Batch { rows, done }).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Failed("its writer has ended".into()),
        })
    }

    /// Writes what waits and joins the thread; `false` where that was done before.
    pub(crate) fn close(&self) -> bool {
        let was_open = locked(&self.sender).take().is_some();
        let writer = locked(&self.writer).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the writer of the store ended by a panic");
        }
        was_open
    }
}

/// The value; a thread that panicked with it leaves it as it was.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
