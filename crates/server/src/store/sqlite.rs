//! The embedded store: one SQLite file, one writer thread, one flush for all that waits.
//!
//! SQLite runs in WAL mode with `synchronous = FULL`: a transaction is flushed to disk before it counts as committed.
//! Records that arrive while a flush is under way go into the next transaction together (group commit), so the cost of
//! a flush is shared by as many clients as there are.

use super::{Done, Record, Store, StoreError};
use rusqlite::{Connection, OpenFlags, params};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The embedded store.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    reader: Mutex<Connection>,
    queue: Mutex<Option<SyncSender<Batch>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Batch {
    rows: Vec<(String, String)>,
    done: Done,
}

const VERSION: i64 = 1;
/// Batches that wait for the writer, and how many of them go into one transaction.
const N_WAITING: usize = 4096;
const N_TOGETHER: usize = 1024;
const PATIENCE: Duration = Duration::from_secs(5);
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS events (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        session TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS events_of_session ON events (session, position);";

impl SqliteStore {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// When SQLite refuses, or the file has another layout.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let fails = |action| move |source| StoreError::Sqlite { action, path: path.to_owned(), source };
        let writer = Connection::open(path).map_err(fails("open"))?;
        writer.busy_timeout(PATIENCE).map_err(fails("prepare"))?;
        writer.pragma_update(None, "journal_mode", "WAL").map_err(fails("prepare"))?;
        writer.pragma_update(None, "synchronous", "FULL").map_err(fails("prepare"))?;
        let version: i64 =
            writer.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fails("read"))?;
        if version != 0 && version != VERSION {
            let (expected, got) = (VERSION, version);
            return Err(StoreError::Version { expected, got, path: path.to_owned() });
        }
        writer.execute_batch(SCHEMA).map_err(fails("prepare"))?;
        writer.pragma_update(None, "user_version", VERSION).map_err(fails("prepare"))?;
        let reader = Self::reader(path)?;
        let (sender, receiver) = sync_channel(N_WAITING);
        let thread = std::thread::Builder::new().name("store".into());
        let writer = thread.spawn(move || write(writer, &receiver)).map_err(StoreError::Start)?;
        Ok(Self {
            path: path.to_owned(),
            reader: Mutex::new(reader),
            queue: Mutex::new(Some(sender)),
            writer: Mutex::new(Some(writer)),
        })
    }

    fn reader(path: &Path) -> Result<Connection, StoreError> {
        let fails = |source| StoreError::Sqlite { action: "open", path: path.to_owned(), source };
        let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fails)?;
        reader.busy_timeout(PATIENCE).map_err(fails)?;
        Ok(reader)
    }

    fn select(&self, sql: &str, key: &dyn rusqlite::ToSql, limit: usize) -> Result<Rows, StoreError> {
        let fails = |source| StoreError::Sqlite { action: "read", path: self.path.clone(), source };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows: Vec<(u64, String)> = {
            let reader = locked(&self.reader);
            let mut statement = reader.prepare_cached(sql).map_err(fails)?;
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?));
            let rows = statement.query_map(params![key, limit], read).map_err(fails)?;
            rows.collect::<Result<_, _>>().map_err(fails)?
        };
        rows.into_iter().map(understood).collect()
    }
}

type Rows = Vec<(u64, Record)>;

fn understood((position, body): (u64, String)) -> Result<(u64, Record), StoreError> {
    let record = serde_json::from_str(&body)
        .map_err(|error| StoreError::Damaged { position, why: error.to_string() })?;
    Ok((position, record))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for SqliteStore {
    fn append(&self, records: Vec<Record>, done: Done) -> Result<(), StoreError> {
        let row = |record: Record| {
            let body = serde_json::to_string(&record).map_err(|e| StoreError::Failed(e.to_string()))?;
            Ok::<_, StoreError>((record.session, body))
        };
        let rows = records.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
        let queue = locked(&self.queue);
        let sender = queue.as_ref().ok_or_else(|| StoreError::Failed("it is closed".into()))?;
        sender.try_send(Batch { rows, done }).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Failed("its writer has ended".into()),
        })
    }

    fn session(&self, id: &str) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT position, body FROM events WHERE session = ?1 ORDER BY position LIMIT ?2";
        Ok(self.select(sql, &id, usize::MAX)?.into_iter().map(|(_, record)| record).collect())
    }

    fn since(&self, after: u64, limit: usize) -> Result<Rows, StoreError> {
        let sql = "SELECT position, body FROM events WHERE position > ?1 ORDER BY position LIMIT ?2";
        self.select(sql, &i64::try_from(after).unwrap_or(i64::MAX), limit)
    }

    fn close(&self) {
        drop(locked(&self.queue).take());
        if let Some(writer) = locked(&self.writer).take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the store ended by a panic");
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

/// Takes whatever waits, commits it as one transaction, then says so to everybody in it.
fn write(mut connection: Connection, receiver: &Receiver<Batch>) {
    while let Ok(first) = receiver.recv() {
        let mut batches = vec![first];
        batches.extend(receiver.try_iter().take(N_TOGETHER - 1));
        let outcome = commit(&mut connection, &batches).map_err(|error| error.to_string());
        if let Err(why) = &outcome {
            tracing::error!("the store could not write: {why}");
        }
        for batch in batches {
            (batch.done)(outcome.clone().map_err(StoreError::Failed));
        }
    }
}

fn commit(connection: &mut Connection, batches: &[Batch]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare_cached("INSERT INTO events (session, body) VALUES (?1, ?2)")?;
        for (session, body) in batches.iter().flat_map(|batch| &batch.rows) {
            insert.execute(params![session, body])?;
        }
    }
    transaction.commit()
}
