//! The embedded store: one SQLite file, one writer thread, one flush for all that waits.
//!
//! SQLite runs in WAL mode with `synchronous = FULL`: a transaction is flushed to disk before it counts as committed.
//! Records that arrive while a flush is under way go into the next transaction together (group commit), so the cost of
//! a flush is shared by as many clients as there are.

use super::queue::{Queue, Row, locked};
use super::{Done, Positioned, Record, Store, StoreError};
use rusqlite::{Connection, OpenFlags, params};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// The embedded store. Its sessions are in the memory of the server that has it, so it is locked against a second one.
#[derive(Debug)]
pub struct SqliteStore {
    log: SqliteLog,
    queue: Queue,
    _lock: File,
}

/// A store's file, to be read alone.
#[derive(Debug)]
pub(crate) struct SqliteLog {
    path: PathBuf,
    reader: Mutex<Connection>,
}

const VERSION: i64 = 1;
const PATIENCE: Duration = Duration::from_secs(5);
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS events (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        session TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS events_of_session ON events (session, position);
    CREATE INDEX IF NOT EXISTS sessions_of_user ON events (json_extract(body, '$.user'))
        WHERE json_extract(body, '$.user') IS NOT NULL;";

impl SqliteStore {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// When SQLite refuses, another server has the file, or it is no store or one of another layout.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let fails = |action| move |source| StoreError::Sqlite { action, path: path.to_owned(), source };
        if std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
            SqliteLog::open(path)?;
        }
        let lock = lock(path)?;
        let mut writer = Connection::open(path).map_err(fails("open"))?;
        writer.busy_timeout(PATIENCE).map_err(fails("prepare"))?;
        writer.pragma_update(None, "journal_mode", "WAL").map_err(fails("prepare"))?;
        writer.pragma_update(None, "synchronous", "FULL").map_err(fails("prepare"))?;
        writer.execute_batch(SCHEMA).map_err(fails("prepare"))?;
        writer.pragma_update(None, "user_version", VERSION).map_err(fails("prepare"))?;
        let log = SqliteLog::open(path)?;
        let queue = Queue::start(move |rows| commit(&mut writer, rows).map_err(|e| e.to_string()))?;
        Ok(Self { log, queue, _lock: lock })
    }
}

/// Keeps other servers away until the value or the process is gone. The lock is on a file of its own: SQLite gives up its
/// own locks where anybody closes the file it has them on.
fn lock(path: &Path) -> Result<File, StoreError> {
    let fails = |source| StoreError::Lock { path: path.to_owned(), source };
    let lock = File::create(beside(path, ".lock")).map_err(fails)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::Taken { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(fails(source)),
    }
}

/// The file of this ending that belongs to a store, wherever links lead.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string();
    name.push(ending);
    name.into()
}

fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let fails = |source| StoreError::Sqlite { action: "read", path: path.to_owned(), source };
    let got: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fails)?;
    let is_ours = got == VERSION && connection.prepare("SELECT position, session, body FROM events").is_ok();
    if is_ours {
        return Ok(());
    }
    Err(StoreError::Version { expected: VERSION, got, path: path.to_owned() })
}

impl SqliteLog {
    /// Opens a store's file and changes nothing in it.
    ///
    /// # Errors
    /// When SQLite refuses, or the file is no store or one of another layout.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let fails = |source| StoreError::Sqlite { action: "open", path: path.to_owned(), source };
        let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fails)?;
        reader.busy_timeout(PATIENCE).map_err(fails)?;
        check(&reader, path)?;
        Ok(Self { path: path.to_owned(), reader: Mutex::new(reader) })
    }

    /// The same where nobody serves it: a file that lacks nothing is read as it lies there, also where nothing can be
    /// written. With a `-wal` file beside it SQLite has to be able to make a `-shm` file.
    ///
    /// # Errors
    /// As [`SqliteLog::open`].
    pub(crate) fn open_at_rest(path: &Path) -> Result<Self, StoreError> {
        let is_served = File::open(beside(path, ".lock")).is_ok_and(|lock| lock.try_lock_shared().is_err());
        let has_more = std::fs::metadata(beside(path, "-wal")).is_ok_and(|file| file.len() > 0);
        let (false, false, Some(url)) = (is_served, has_more, still(path)) else { return Self::open(path) };
        let fails = |source| StoreError::Sqlite { action: "open", path: path.to_owned(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let reader = Connection::open_with_flags(url, flags).map_err(fails)?;
        check(&reader, path)?;
        Ok(Self { path: path.to_owned(), reader: Mutex::new(reader) })
    }

    fn select(&self, sql: &str, key: &dyn rusqlite::ToSql, limit: usize) -> Result<Positioned, StoreError> {
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

    /// As [`Store::since`].
    pub(crate) fn since(&self, after: u64, limit: usize) -> Result<Positioned, StoreError> {
        let sql = "SELECT position, body FROM events WHERE position > ?1 ORDER BY position LIMIT ?2";
        self.select(sql, &i64::try_from(after).unwrap_or(i64::MAX), limit)
    }
}

/// SQLite's name for a file that does not change while it is read.
fn still(path: &Path) -> Option<String> {
    let path: String =
        form_urlencoded::byte_serialize(path.canonicalize().ok()?.to_str()?.as_bytes()).collect();
    Some(format!("file:{}?immutable=1", path.replace('+', "%20").replace("%2F", "/")))
}

fn understood((position, body): (u64, String)) -> Result<(u64, Record), StoreError> {
    let record = serde_json::from_str(&body)
        .map_err(|error| StoreError::Damaged { position, why: error.to_string() })?;
    Ok((position, record))
}

impl Store for SqliteStore {
    fn append(&self, records: Vec<Record>, done: Done) -> Result<(), StoreError> {
        self.queue.append(records, done)
    }

    fn session(&self, id: &str) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT position, body FROM events WHERE session = ?1 ORDER BY position LIMIT ?2";
        Ok(self.log.select(sql, &id, usize::MAX)?.into_iter().map(|(_, record)| record).collect())
    }

    fn of_user(&self, user: &str, limit: usize) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT position, body FROM events WHERE session IN (
                SELECT session FROM events
                WHERE json_extract(body, '$.user') = ?1 AND json_extract(body, '$.user') IS NOT NULL)
            ORDER BY position DESC LIMIT ?2";
        Ok(self.log.select(sql, &user, limit)?.into_iter().rev().map(|(_, record)| record).collect())
    }

    fn since(&self, after: u64, limit: usize) -> Result<Positioned, StoreError> {
        self.log.since(after, limit)
    }

    /// Everything is in the one file then.
    fn close(&self) {
        if !self.queue.close() {
            return;
        }
        let whole = Connection::open_with_flags(&self.log.path, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .and_then(|last| last.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        if let Err(error) = whole {
            tracing::warn!("a part of the store stays in its -wal file: {error}");
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

/// One transaction, flushed before it counts.
fn commit(connection: &mut Connection, rows: &[&Row]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare_cached("INSERT INTO events (session, body) VALUES (?1, ?2)")?;
        for row in rows {
            insert.execute(params![row.session, row.body])?;
        }
    }
    transaction.commit()
}
