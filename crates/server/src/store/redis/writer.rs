//! The thread that writes to the server.

use super::super::queue::{Row, Writer};
use super::super::{Record, StoreError};
use super::keys::{self, ALIVE, LOG, TRIMMED};
use super::line::Line;
use super::{PATIENCE, Terms, policy};
use crate::availability::PLACE;
use redis::{Pipeline, cmd, pipe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The one connection that writes.
pub(super) struct RedisWriter {
    line: Line,
    terms: Terms,
    /// Memory that the server uses, as it last said.
    bytes: Arc<AtomicU64>,
}

/// Events that are looked at at once to shorten the log.
const N_TRIMMED: usize = 1_000;

impl RedisWriter {
    pub(super) fn new(line: Line, terms: Terms, bytes: Arc<AtomicU64>) -> Self {
        Self { line, terms, bytes }
    }

    /// Whether the server writes now, and keeps what is written: one that is full, only reads or hangs does not.
    fn try_out(&mut self, until: Instant) -> Result<(), StoreError> {
        const SHORT: Duration = Duration::from_secs(60);
        let _: () =
            self.line.ask(cmd("SET").arg(ALIVE).arg(1).arg("PX").arg(SHORT.as_millis() as u64), until)?;
        // Not every user of a server may ask this.
        let about: Result<String, _> = self.line.ask(cmd("INFO").arg("memory"), until);
        let about = about.unwrap_or_default();
        let used = policy::field(&about, "used_memory").and_then(|used| used.parse().ok());
        self.bytes.store(used.unwrap_or_default(), Ordering::Relaxed);
        // Somebody may have changed it since the start.
        match policy::field(&about, "maxmemory_policy") {
            Some(policy) if !policy::is_safe(policy, self.terms) => {
                Err(StoreError::Evicts { addr: self.line.addr(), policy: policy.to_owned() })
            }
            _ => Ok(()),
        }
    }

    fn add(&self, transaction: &mut Pipeline, row: &Row) {
        let session = keys::session(&row.session);
        transaction.cmd("RPUSH").arg(&session).arg(&row.body).ignore();
        transaction.cmd("RPUSH").arg(LOG).arg(&row.body).ignore();
        let mut touched = vec![session];
        if row.is_told {
            touched.push(keys::told(&row.session));
            transaction.cmd("RPUSH").arg(touched.last()).arg(&row.body).ignore();
        }
        if let Some(user) = &row.starts_for {
            touched.push(keys::user(user));
            transaction.cmd("RPUSH").arg(touched.last()).arg(&row.session).ignore();
        }
        // What cannot be had is no session, and is kept for ever.
        if let Some(keep) = self.terms.keep.filter(|_| row.session != PLACE) {
            for key in touched {
                transaction.cmd("PEXPIRE").arg(key).arg(keep.as_millis() as u64).ignore();
            }
        }
    }

    /// Takes the oldest events out of the log, unless another replica does so at the moment.
    fn trim(&mut self, before_millis: u64, until: Instant) -> Result<usize, StoreError> {
        let rows: Vec<String> = self.line.with(until, |connection| {
            let _: () = cmd("WATCH").arg(TRIMMED).query(connection)?;
            cmd("LRANGE").arg(LOG).arg(0).arg(N_TRIMMED - 1).query(connection)
        })?;
        let is_old = |row: &&String| {
            serde_json::from_str::<Record>(row).is_ok_and(|record| record.time_millis < before_millis)
        };
        let n = rows.iter().take_while(is_old).count();
        let mut transaction = pipe();
        transaction.atomic();
        transaction.cmd("LTRIM").arg(LOG).arg(n).arg(-1).ignore();
        transaction.cmd("INCRBY").arg(TRIMMED).arg(n).ignore();
        if n == 0 {
            let _: () = self.line.ask(&cmd("UNWATCH"), until)?;
            return Ok(0);
        }
        let done: Option<()> = self.line.with(until, |connection| transaction.query(connection))?;
        Ok(if done.is_some() { n } else { 0 })
    }
}

impl Writer for RedisWriter {
    /// One transaction. It is not tried again: the server may have it although its answer was lost.
    fn commit(&mut self, rows: &[&Row]) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        let outcome = if rows.is_empty() {
            self.try_out(until)
        } else {
            let mut transaction = pipe();
            transaction.atomic();
            rows.iter().for_each(|row| self.add(&mut transaction, row));
            self.line.with(until, |connection| transaction.query(connection))
        };
        outcome.map_err(|error| error.to_string())
    }

    fn forget(&mut self, _: &[String], before_millis: u64) -> Result<usize, String> {
        self.trim(before_millis, Instant::now() + PATIENCE).map_err(|error| error.to_string())
    }
}
