//! The shared store: lists on a Redis or Valkey server, so that several replicas serve the same sessions.
//!
//! An answer is acknowledged when the server has it. Whether it survives the server's own power cut is that server's
//! setting: `appendonly yes` with `appendfsync always` for the same promise as the embedded store's. A server that may
//! evict keys keeps no promise and is refused.

mod keys;
mod line;
mod policy;
mod writer;

use super::queue::{Queue, locked};
use super::{Done, Forgotten, Idle, Positioned, Record, Store, StoreError};
use keys::{LOG, TRIMMED};
use line::Line;
use redis::{Client, FromRedisValue, Pipeline, cmd, pipe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use writer::RedisWriter;

/// The shared store.
#[derive(Debug)]
pub struct RedisStore {
    client: Client,
    /// Connections that nobody uses at the moment.
    lines: Mutex<Vec<Line>>,
    queue: Queue,
    is_stopped: AtomicBool,
    bytes: Arc<AtomicU64>,
}

/// How a server is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long a session is kept after its last event; for ever where it is not said.
    pub keep: Option<Duration>,
    /// Whether a server that may evict keys is used all the same.
    pub accepts_eviction: bool,
}

const PATIENCE: Duration = Duration::from_secs(5);
/// Connections that are kept, and of how many sessions of a user the events are read.
const N_KEPT: usize = 16;
const LATEST_SESSIONS: i64 = 100;

impl RedisStore {
    /// Connects to `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS, for ever and on a server that
    /// evicts nothing.
    ///
    /// # Errors
    /// When that is no address, nobody answers there, the password is refused, or the server may evict keys.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_on(url, Terms::default())
    }

    /// The same on other terms.
    ///
    /// # Errors
    /// As [`RedisStore::open`].
    pub fn open_on(url: &str, terms: Terms) -> Result<Self, StoreError> {
        let store = Self::connect(url, terms)?;
        if !terms.accepts_eviction {
            store.within(Instant::now() + PATIENCE, |line, until| policy::check(line, terms, until))?;
        }
        Ok(store)
    }

    /// The same for who only reads: what a server evicts is nothing that this could change.
    ///
    /// # Errors
    /// As [`RedisStore::open`].
    pub(super) fn open_to_read(url: &str) -> Result<Self, StoreError> {
        Self::connect(url, Terms::default())
    }

    fn connect(url: &str, terms: Terms) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(|error| StoreError::Url { why: error.to_string() })?;
        let bytes = Arc::new(AtomicU64::new(0));
        let mut first = Line::new(client.clone());
        let _: String = first.ask(&cmd("PING"), Instant::now() + PATIENCE)?;
        let queue = Queue::start(RedisWriter::new(Line::new(client.clone()), terms, bytes.clone()))?;
        let (lines, is_stopped) = (Mutex::new(vec![first]), AtomicBool::new(false));
        Ok(Self { client, lines, queue, is_stopped, bytes })
    }

    /// Works with a connection of its own.
    fn within<T>(
        &self,
        until: Instant,
        work: impl FnOnce(&mut Line, Instant) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.is_stopped.load(Ordering::Relaxed) {
            return Err(StoreError::Late);
        }
        let kept = locked(&self.lines).pop();
        let mut line = kept.unwrap_or_else(|| Line::new(self.client.clone()));
        let outcome = work(&mut line, until);
        let mut lines = locked(&self.lines);
        if lines.len() < N_KEPT {
            lines.push(line);
        }
        outcome
    }

    fn ask<T: FromRedisValue>(&self, command: &redis::Cmd, until: Instant) -> Result<T, StoreError> {
        self.within(until, |line, until| line.ask(command, until))
    }

    fn ask_all<T: FromRedisValue>(&self, commands: &Pipeline, until: Instant) -> Result<T, StoreError> {
        self.within(until, |line, until| line.with(until, |connection| commands.query(connection)))
    }

    /// What a session told: its start, and at most so many of the latest of its answers.
    fn told(&self, id: &str, most: usize, until: Instant) -> Result<Vec<Record>, StoreError> {
        let last = -i64::try_from(most.max(1)).unwrap_or(i64::MAX);
        // The second list is what servers wrote before answers had a list of their own.
        for key in [keys::told(id), keys::session(id)] {
            let mut both = pipe();
            both.cmd("LRANGE").arg(&key).arg(0).arg(0).cmd("LRANGE").arg(&key).arg(last).arg(-1);
            let (mut rows, latest): (Vec<String>, Vec<String>) = self.ask_all(&both, until)?;
            if rows.is_empty() {
                continue;
            }
            let is_whole = latest.len() < most && latest.first() == rows.first();
            rows.extend(latest.into_iter().skip(usize::from(is_whole)));
            let records = understood(0, rows)?.into_iter().map(|(_, record)| record);
            return Ok(records.filter(is_told).collect());
        }
        Ok(Vec::new())
    }
}

/// Whether a record says what somebody thinks of an item.
fn is_told(record: &Record) -> bool {
    matches!(record.event, super::Event::Started { .. } | super::Event::Answered { .. })
}

/// Records with their positions, which count from the first one on.
fn understood(first: u64, rows: Vec<String>) -> Result<Positioned, StoreError> {
    let record = |(position, row): (u64, String)| {
        let record = serde_json::from_str(&row)
            .map_err(|error| StoreError::Damaged { position, why: error.to_string() })?;
        Ok((position, record))
    };
    (first + 1..).zip(rows).map(record).collect()
}

impl Store for RedisStore {
    fn append(&self, records: Vec<Record>, until: Instant, done: Done) -> Result<(), StoreError> {
        self.queue.append(records, until, done)
    }

    fn session(&self, id: &str, until: Instant) -> Result<Vec<Record>, StoreError> {
        let rows = self.ask(cmd("LRANGE").arg(keys::session(id)).arg(0).arg(-1), until)?;
        Ok(understood(0, rows)?.into_iter().map(|(_, record)| record).collect())
    }

    fn of_user(&self, user: &str, most: usize, until: Instant) -> Result<Vec<Record>, StoreError> {
        let sessions = cmd("LRANGE").arg(keys::user(user)).arg(-LATEST_SESSIONS).arg(-1).clone();
        let sessions: Vec<String> = self.ask(&sessions, until)?;
        let (mut newest_first, mut n_told) = (Vec::new(), 0);
        for id in sessions.iter().rev() {
            if n_told >= most {
                break;
            }
            let told = self.told(id, most - n_told, until)?;
            n_told += told.iter().map(n_items).sum::<usize>();
            newest_first.push(told);
        }
        let mut records: Vec<Record> = newest_first.into_iter().rev().flatten().collect();
        records.sort_by_key(|record| record.time_millis);
        Ok(records)
    }

    fn since(&self, after: u64, limit: usize, until: Instant) -> Result<Positioned, StoreError> {
        let trimmed: Option<u64> = self.ask(cmd("GET").arg(TRIMMED), until)?;
        let trimmed = trimmed.unwrap_or_default();
        let first = after.saturating_sub(trimmed);
        let last = first.saturating_add(limit as u64).saturating_sub(1);
        let last = i64::try_from(last).unwrap_or(i64::MAX);
        let rows = self.ask(cmd("LRANGE").arg(LOG).arg(first).arg(last), until)?;
        understood(first + trimmed, rows)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn length(&self, id: &str, until: Instant) -> Result<usize, StoreError> {
        self.ask(cmd("LLEN").arg(keys::session(id)), until)
    }

    /// None: their keys expire.
    fn idle(&self, _: u64, _: u64, _: Instant) -> Result<Idle, StoreError> {
        Ok(Idle::default())
    }

    /// Shortens the common log; sessions are gone by themselves.
    fn forget(&self, sessions: Vec<String>, before_millis: u64, done: Forgotten) -> Result<(), StoreError> {
        self.queue.forget(sessions, before_millis, done)
    }

    fn bytes(&self) -> Option<u64> {
        Some(self.bytes.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }

    fn stop_reading(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    fn close(&self, until: Instant) {
        self.stop_reading();
        self.queue.close(until);
    }
}

fn n_items(record: &Record) -> usize {
    match &record.event {
        super::Event::Started { history, .. } => history.len(),
        super::Event::Answered { .. } => 1,
        super::Event::Shown { .. } | super::Event::Availability { .. } => 0,
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.close(Instant::now() + PATIENCE);
    }
}
