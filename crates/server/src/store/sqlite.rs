//! The embedded store: one SQLite file, one writer thread, one flush for all that waits.
//!
//! SQLite runs in WAL mode with `synchronous = FULL`: a transaction is flushed to disk before it counts as committed.
//! Records that arrive while a flush is under way go into the next transaction together (group commit), so the cost of
//! a flush is shared by as many clients as there are.

mod held;
mod layout;
mod readers;
mod writer;

pub(crate) use readers::Readers;

use super::queue::Queue;
use super::{Done, Forgotten, Idle, Positioned, Record, Store, StoreError};
use held::Held;
use layout::{SCHEMA, VERSION};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use writer::SqliteWriter;

/// The embedded store. Its sessions are in the memory of the server that has it, so it is locked against a second one.
#[derive(Debug)]
pub struct SqliteStore {
    readers: Readers,
    queue: Queue,
    held: Arc<Held>,
    path: PathBuf,
}

/// How long it is waited for others that use the file.
const PATIENCE: Duration = Duration::from_secs(5);

impl SqliteStore {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// When SQLite refuses, another server has the file, or it is no store or one of another layout.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::prepared(path, false)
    }

    /// The same where sessions are to be forgotten: the file gives room back to the disk. An older file is written anew once
    /// for that.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_to_forget(path: &Path) -> Result<Self, StoreError> {
        Self::prepared(path, true)
    }

    fn prepared(path: &Path, gives_back: bool) -> Result<Self, StoreError> {
        let fails = |action| move |source| StoreError::Sqlite { action, path: path.to_owned(), source };
        if std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
            Readers::open(path)?;
        }
        let held = Held::take(path)?;
        let writer = Connection::open(path).map_err(fails("open"))?;
        writer.busy_timeout(PATIENCE).map_err(fails("prepare"))?;
        layout::harden(&writer).map_err(fails("prepare"))?;
        if gives_back {
            layout::give_back(&writer).map_err(fails("prepare"))?;
        }
        writer.pragma_update(None, "journal_mode", "WAL").map_err(fails("prepare"))?;
        writer.pragma_update(None, "synchronous", "FULL").map_err(fails("prepare"))?;
        writer.execute_batch(SCHEMA).map_err(fails("prepare"))?;
        writer.pragma_update(None, "user_version", VERSION).map_err(fails("prepare"))?;
        let stamp = layout::stamp(&writer).map_err(fails("prepare"))?;
        let held = Arc::new(held.known(stamp));
        let readers = Readers::open(path)?;
        let queue = Queue::start(SqliteWriter::new(writer, held.clone()))?;
        Ok(Self { readers, queue, held, path: path.to_owned() })
    }
}

impl Store for SqliteStore {
    fn append(&self, records: Vec<Record>, until: Instant, done: Done) -> Result<(), StoreError> {
        self.queue.append(records, until, done)
    }

    fn session(&self, id: &str, until: Instant) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT position, body FROM events WHERE session = ?1 ORDER BY position LIMIT ?2";
        let rows = self.readers.select(sql, &id, usize::MAX, until)?;
        Ok(rows.into_iter().map(|(_, record)| record).collect())
    }

    fn of_user(&self, user: &str, most: usize, until: Instant) -> Result<Vec<Record>, StoreError> {
        self.readers.of_user(user, most, until)
    }

    fn since(&self, after: u64, limit: usize, until: Instant) -> Result<Positioned, StoreError> {
        self.readers.since(after, limit, until)
    }

    fn length(&self, id: &str, until: Instant) -> Result<usize, StoreError> {
        self.readers.length(id, until)
    }

    fn idle(&self, before_millis: u64, from: u64, until: Instant) -> Result<Idle, StoreError> {
        self.readers.idle(before_millis, from, until)
    }

    fn forget(&self, sessions: Vec<String>, before_millis: u64, done: Forgotten) -> Result<(), StoreError> {
        self.queue.forget(sessions, before_millis, done)
    }

    fn bytes(&self) -> Option<u64> {
        self.held.bytes()
    }

    fn stop_reading(&self) {
        self.readers.stop();
    }

    /// Everything is in the one file then.
    fn close(&self, until: Instant) {
        self.readers.stop();
        if !self.queue.close(until) || self.held.check().is_err() {
            return;
        }
        let whole = Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .and_then(|last| last.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        if let Err(error) = whole {
            tracing::warn!("a part of the store stays in its -wal file: {error}");
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close(Instant::now() + PATIENCE);
    }
}

#[cfg(test)]
mod tests;
