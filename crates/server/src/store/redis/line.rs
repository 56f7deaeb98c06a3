//! One connection to the server, and no wait on it that has no end.

use super::super::StoreError;
use super::PATIENCE;
use redis::{Client, Cmd, Connection, ConnectionLike as _, FromRedisValue, RedisResult};
use std::time::{Duration, Instant};

/// A connection that is made when it is needed, and anew after it broke.
pub(super) struct Line {
    client: Client,
    connection: Option<Connection>,
    used: Instant,
}

/// A connection that was not used for so long is asked whether it is still there: servers and what stands between close
/// idle ones.
const IDLE: Duration = Duration::from_millis(500);

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("addr", &self.addr()).finish_non_exhaustive()
    }
}

impl Line {
    pub(super) fn new(client: Client) -> Self {
        Self { client, connection: None, used: Instant::now() }
    }

    /// The answer to one command.
    ///
    /// # Errors
    /// When the server is not reached, refuses, or does not answer by `until`.
    pub(super) fn ask<T: FromRedisValue>(&mut self, command: &Cmd, until: Instant) -> Result<T, StoreError> {
        self.with(until, |connection| command.query(connection))
    }

    /// Works with the connection, and makes a new one next time where this one broke.
    ///
    /// # Errors
    /// As [`Line::ask`].
    pub(super) fn with<T>(
        &mut self,
        until: Instant,
        work: impl FnOnce(&mut Connection) -> RedisResult<T>,
    ) -> Result<T, StoreError> {
        let is_fresh = self.used.elapsed() < IDLE;
        let kept = self.connection.take().filter(|connection| bound(connection, until).is_ok());
        let is_there = |connection: &mut Connection| is_fresh || connection.check_connection();
        let kept = kept.and_then(|mut connection| is_there(&mut connection).then_some(connection));
        let connection = match kept {
            Some(connection) => connection,
            None => self.connect(until)?,
        };
        self.used = Instant::now();
        let mut connection = connection;
        let outcome = bound(&connection, until).and_then(|()| work(&mut connection));
        if outcome.as_ref().err().is_none_or(|error| !error.is_unrecoverable_error() && !error.is_timeout()) {
            self.connection = Some(connection);
        }
        outcome.map_err(|error| self.failed(&error))
    }

    fn connect(&self, until: Instant) -> Result<Connection, StoreError> {
        let left = left(until).ok_or(StoreError::Late)?;
        let connection =
            self.client.get_connection_with_timeout(left).map_err(|error| self.failed(&error))?;
        Ok(connection)
    }

    fn failed(&self, error: &redis::RedisError) -> StoreError {
        StoreError::Redis { addr: self.addr(), why: error.to_string() }
    }

    /// Host and port, without the password.
    pub(super) fn addr(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }
}

/// Time that is left, and never more than a server may take.
fn left(until: Instant) -> Option<Duration> {
    let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
    Some(left.min(PATIENCE))
}

fn bound(connection: &Connection, until: Instant) -> RedisResult<()> {
    let left = left(until).ok_or_else(|| std::io::Error::from(std::io::ErrorKind::TimedOut))?;
    connection.set_read_timeout(Some(left))?;
    connection.set_write_timeout(Some(left))
}
