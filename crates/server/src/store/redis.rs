//! The shared store: lists on a Redis or Valkey server, so that several replicas serve the same sessions.
//!
//! An answer is acknowledged when the server has it. Whether it survives the server's own power cut is that server's
//! setting: `appendonly yes` with `appendfsync always` for the same promise as the embedded store's.

use super::queue::{Queue, Row, locked};
use super::{Done, Positioned, Record, Store, StoreError};
use redis::{Client, Cmd, Connection, ConnectionLike as _, FromRedisValue, RedisResult, cmd, pipe};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The shared store.
#[derive(Debug)]
pub struct RedisStore {
    reader: Mutex<Line>,
    queue: Queue,
}

/// A connection that is made when it is needed, and anew after it broke.
struct Line {
    client: Client,
    connection: Option<Connection>,
    used: Instant,
}

/// All events in order, beside the list of each session.
const LOG: &str = "ilrec:log";
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection that was not used for so long is asked whether it is still there: servers and what stands between close
/// idle ones.
const IDLE: Duration = Duration::from_millis(500);

impl RedisStore {
    /// Connects to `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS.
    ///
    /// # Errors
    /// When that is no address, nobody answers there, or the password is refused.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(|error| StoreError::Url { why: error.to_string() })?;
        let line = |client| Line { client, connection: None, used: Instant::now() };
        let mut reader = line(client.clone());
        let _: String = reader.ask(&cmd("PING"))?;
        let mut writer = line(client);
        let queue = Queue::start(move |rows| commit(&mut writer, rows).map_err(|error| error.to_string()))?;
        Ok(Self { reader: Mutex::new(reader), queue })
    }

    fn range(&self, key: &str, first: u64, last: i64) -> Result<Positioned, StoreError> {
        let rows: Vec<String> = locked(&self.reader).ask(cmd("LRANGE").arg(key).arg(first).arg(last))?;
        let understood = |(position, row): (u64, String)| {
            let record = serde_json::from_str(&row)
                .map_err(|error| StoreError::Damaged { position, why: error.to_string() })?;
            Ok((position, record))
        };
        (first + 1..).zip(rows).map(understood).collect()
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("addr", &self.addr()).finish_non_exhaustive()
    }
}

impl Line {
    fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, StoreError> {
        self.with(|connection| command.query(connection))
    }

    /// Works with the connection, and makes a new one next time where this one broke.
    fn with<T>(&mut self, work: impl FnOnce(&mut Connection) -> RedisResult<T>) -> Result<T, StoreError> {
        let is_fresh = self.used.elapsed() < IDLE;
        let mut kept = self.connection.take();
        let is_there = kept.as_mut().is_some_and(|connection| is_fresh || connection.check_connection());
        let outcome = kept.filter(|_| is_there).map_or_else(|| self.connect(), Ok);
        self.used = Instant::now();
        let outcome = outcome.and_then(|mut connection| {
            let outcome = work(&mut connection);
            if outcome.as_ref().err().is_none_or(|error| !error.is_unrecoverable_error()) {
                self.connection = Some(connection);
            }
            outcome
        });
        outcome.map_err(|error| StoreError::Redis { addr: self.addr(), why: error.to_string() })
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        Ok(connection)
    }

    /// Host and port, without the password.
    fn addr(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }
}

/// One transaction. It is not tried again: the server may have it although its answer was lost.
fn commit(line: &mut Line, rows: &[&Row]) -> Result<(), StoreError> {
    let mut transaction = pipe();
    transaction.atomic();
    for row in rows {
        transaction.cmd("RPUSH").arg(key(&row.session)).arg(&row.body).ignore();
        transaction.cmd("RPUSH").arg(LOG).arg(&row.body).ignore();
        if let Some(user) = &row.starts_for {
            transaction.cmd("RPUSH").arg(key_of_user(user)).arg(&row.session).ignore();
        }
    }
    line.with(|connection| transaction.query(connection))
}

fn key(session: &str) -> String {
    format!("ilrec:session:{session}")
}

/// The list of the sessions of a user.
fn key_of_user(user: &str) -> String {
    format!("ilrec:user:{user}")
}

/// Of how many sessions of a user the events are read.
const LATEST_SESSIONS: i64 = 100;

impl Store for RedisStore {
    fn append(&self, records: Vec<Record>, done: Done) -> Result<(), StoreError> {
        self.queue.append(records, done)
    }

    fn session(&self, id: &str) -> Result<Vec<Record>, StoreError> {
        Ok(self.range(&key(id), 0, -1)?.into_iter().map(|(_, record)| record).collect())
    }

    fn of_user(&self, user: &str, limit: usize) -> Result<Vec<Record>, StoreError> {
        let sessions = cmd("LRANGE").arg(key_of_user(user)).arg(-LATEST_SESSIONS).arg(-1).clone();
        let sessions: Vec<String> = locked(&self.reader).ask(&sessions)?;
        let mut records = Vec::new();
        for id in sessions {
            records.extend(self.session(&id)?);
        }
        records.sort_by_key(|record| record.time_millis);
        Ok(records.split_off(records.len().saturating_sub(limit)))
    }

    fn since(&self, after: u64, limit: usize) -> Result<Positioned, StoreError> {
        let last = after.saturating_add(limit as u64).saturating_sub(1);
        self.range(LOG, after, i64::try_from(last).unwrap_or(i64::MAX))
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn length(&self, id: &str) -> Result<usize, StoreError> {
        locked(&self.reader).ask(cmd("LLEN").arg(key(id)))
    }

    fn close(&self) {
        self.queue.close();
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.close();
    }
}
