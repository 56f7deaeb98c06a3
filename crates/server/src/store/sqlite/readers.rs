//! Reading a store's file: several connections, and no read that outlives who asked for it.

use super::super::queue::locked;
use super::super::{Event, Idle, Positioned, Record, StoreError};
use super::{PATIENCE, held, layout};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Connections that read alone. They are opened as they are needed.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    /// SQLite's own name of the file, where it does not change.
    still: Option<String>,
    idle: Mutex<Vec<Connection>>,
    is_stopped: Arc<AtomicBool>,
}

/// How many connections are kept, and how often a running statement asks whether it is still wanted.
const N_KEPT: usize = 16;
const N_INSTRUCTIONS: i32 = 2_000;
/// Of how many sessions of a user the events are read.
const LATEST_SESSIONS: usize = 100;
/// How many events are looked at at once for sessions that nobody uses any more.
const N_LOOKED_AT: usize = 1_000;

impl Readers {
    /// Opens a store's file and changes nothing in it.
    ///
    /// # Errors
    /// When SQLite refuses, or the file is no store or one of another layout.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::checked(path, None)
    }

    /// The same where nobody serves it: a file that lacks nothing is read as it lies there, also where nothing can be
    /// written. With a `-wal` file beside it SQLite has to be able to make a `-shm` file.
    ///
    /// # Errors
    /// As [`Readers::open`].
    pub(crate) fn open_at_rest(path: &Path) -> Result<Self, StoreError> {
        let lock = held::beside(path, ".lock");
        let is_served = File::open(lock).is_ok_and(|lock| lock.try_lock_shared().is_err());
        let has_more = std::fs::metadata(held::beside(path, "-wal")).is_ok_and(|file| file.len() > 0);
        Self::checked(path, still(path).filter(|_| !is_served && !has_more))
    }

    fn checked(path: &Path, still: Option<String>) -> Result<Self, StoreError> {
        let (idle, is_stopped) = Default::default();
        let readers = Self { path: path.to_owned(), still, idle, is_stopped };
        let connection = readers.connect(Instant::now() + PATIENCE)?;
        layout::check(&connection, path)?;
        readers.keep(connection);
        Ok(readers)
    }

    /// Ends what is being read, and refuses more.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        locked(&self.idle).clear();
    }

    fn fails(&self, action: &'static str) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        move |source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::OperationInterrupted) => StoreError::Late,
            _ => StoreError::Sqlite { action, path: self.path.clone(), source },
        }
    }

    /// A connection whose statements end at `until`.
    fn connect(&self, until: Instant) -> Result<Connection, StoreError> {
        let kept = locked(&self.idle).pop();
        let mut connection = match (kept, &self.still) {
            (Some(connection), _) => connection,
            (None, still) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let opened = match still {
                    Some(url) => Connection::open_with_flags(url, flags | OpenFlags::SQLITE_OPEN_URI),
                    None => Connection::open_with_flags(&self.path, flags),
                };
                let connection = opened.map_err(self.fails("open"))?;
                layout::harden(&connection).map_err(self.fails("open"))?;
                connection
            }
        };
        let left = until.saturating_duration_since(Instant::now());
        connection.busy_timeout(left.min(PATIENCE)).map_err(self.fails("open"))?;
        let is_stopped = self.is_stopped.clone();
        let is_over = move || is_stopped.load(Ordering::Relaxed) || Instant::now() >= until;
        connection.progress_handler(N_INSTRUCTIONS, Some(is_over)).map_err(self.fails("open"))?;
        Ok(connection)
    }

    fn keep(&self, connection: Connection) {
        let mut idle = locked(&self.idle);
        if idle.len() < N_KEPT && !self.is_stopped.load(Ordering::Relaxed) {
            idle.push(connection);
        }
    }

    /// Reads with a connection of its own.
    fn read<T>(
        &self,
        until: Instant,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        if self.is_stopped.load(Ordering::Relaxed) || Instant::now() >= until {
            return Err(StoreError::Late);
        }
        let connection = self.connect(until)?;
        let outcome = work(&connection);
        self.keep(connection);
        outcome.map_err(self.fails("read"))
    }

    /// Records by a statement of a key and a number of rows.
    pub(super) fn select(
        &self,
        sql: &str,
        key: &dyn rusqlite::ToSql,
        limit: usize,
        until: Instant,
    ) -> Result<Positioned, StoreError> {
        let rows = self.read(until, |connection| rows(connection, sql, key, limit))?;
        rows.into_iter().map(understood).collect()
    }

    /// As [`super::Store::since`].
    pub(crate) fn since(&self, after: u64, limit: usize, until: Instant) -> Result<Positioned, StoreError> {
        let sql = "SELECT position, body FROM events WHERE position > ?1 ORDER BY position LIMIT ?2";
        self.select(sql, &i64::try_from(after).unwrap_or(i64::MAX), limit, until)
    }

    /// As [`super::Store::length`].
    pub(super) fn length(&self, id: &str, until: Instant) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM events WHERE session = ?1";
        self.read(until, |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_row([id], |row| Ok(row.get::<_, i64>(0)? as usize))
        })
    }

    /// The starts and answers of the latest sessions of a user, from the newest session back until there are enough.
    /// Slates say nothing about what a user thinks and are not even looked at.
    pub(super) fn of_user(&self, user: &str, most: usize, until: Instant) -> Result<Vec<Record>, StoreError> {
        let starts = "SELECT position, body FROM events
            WHERE json_extract(body, '$.user') = ?1 AND json_extract(body, '$.user') IS NOT NULL
            ORDER BY position DESC LIMIT ?2";
        let answers = "SELECT position, body FROM events
            WHERE session = ?1 AND json_extract(body, '$.event') = 'answered'
            ORDER BY position DESC LIMIT ?2";
        let (mut told, mut n_told) = (Vec::new(), 0);
        for start in self.select(starts, &user, LATEST_SESSIONS, until)? {
            if n_told >= most {
                break;
            }
            let of_session = self.select(answers, &start.1.session, most - n_told, until)?;
            n_told += of_session.len();
            if let Event::Started { history, .. } = &start.1.event {
                n_told += history.len();
            }
            told.extend(of_session);
            told.push(start);
        }
        told.sort_by_key(|(position, _)| *position);
        Ok(told.into_iter().map(|(_, record)| record).collect())
    }

    /// As [`super::Store::idle`].
    pub(super) fn idle(&self, before_millis: u64, from: u64, until: Instant) -> Result<Idle, StoreError> {
        let last = "SELECT json_extract(body, '$.time_millis') FROM events
            WHERE session = ?1 ORDER BY position DESC LIMIT 1";
        let events = self.since(from, N_LOOKED_AT, until)?;
        let next = events.last().map(|(position, _)| *position);
        let is_at_end = events.len() < N_LOOKED_AT;
        let old: Vec<_> =
            events.into_iter().take_while(|(_, record)| record.time_millis < before_millis).collect();
        let is_at_end = is_at_end || old.len() < N_LOOKED_AT;
        let mut sessions: Vec<String> = old.into_iter().map(|(_, record)| record.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        sessions.retain(|id| id != crate::availability::PLACE);
        let latest = |connection: &Connection, id: &str| {
            let mut statement = connection.prepare_cached(last)?;
            let time: Option<Option<i64>> = statement.query_row([id], |row| row.get(0)).optional()?;
            Ok::<_, rusqlite::Error>(time.flatten().unwrap_or_default() as u64)
        };
        let idle = self.read(until, |connection| {
            let mut idle = Vec::new();
            for id in sessions {
                if latest(connection, &id)? < before_millis {
                    idle.push(id);
                }
            }
            Ok(idle)
        })?;
        Ok(Idle { sessions: idle, next: next.filter(|_| !is_at_end) })
    }
}

fn rows(
    connection: &Connection,
    sql: &str,
    key: &dyn rusqlite::ToSql,
    limit: usize,
) -> rusqlite::Result<Vec<(u64, String)>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?));
    statement.query_map(params![key, limit], read)?.collect()
}

fn understood((position, body): (u64, String)) -> Result<(u64, Record), StoreError> {
    let record = serde_json::from_str(&body)
        .map_err(|error| StoreError::Damaged { position, why: error.to_string() })?;
    Ok((position, record))
}

/// SQLite's name for a file that does not change while it is read.
fn still(path: &Path) -> Option<String> {
    let path: String =
        form_urlencoded::byte_serialize(path.canonicalize().ok()?.to_str()?.as_bytes()).collect();
    Some(format!("file:{}?immutable=1", path.replace('+', "%20").replace("%2F", "/")))
}
