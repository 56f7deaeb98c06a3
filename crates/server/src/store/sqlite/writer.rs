//! The thread that writes: what it says is kept is in the file that lies at the store's path.

use super::super::queue::{Row, Writer};
use super::held::Held;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::sync::Arc;

/// The one connection that writes.
pub(super) struct SqliteWriter {
    connection: Connection,
    held: Arc<Held>,
}

/// Pages given back to the disk after sessions were forgotten.
const N_PAGES: u32 = 4_000;

impl SqliteWriter {
    pub(super) fn new(connection: Connection, held: Arc<Held>) -> Self {
        Self { connection, held }
    }

    /// Checks the file before a transaction, and again before anybody is told that it is kept.
    fn within<T>(&mut self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, String> {
        self.check()?;
        let done = work(&mut self.connection).map_err(|error| error.to_string())?;
        self.check()?;
        self.held.remember();
        Ok(done)
    }

    /// Another program may move what is in the `-wal` file to its place and shorten it. If it was cut by anybody else, SQLite
    /// misses pages when it does the same.
    fn check(&self) -> Result<(), String> {
        if self.held.is_log_shorter() {
            let moved = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            moved.map_err(|error| format!("its -wal file was cut ({error})"))?;
            self.held.remember();
        }
        self.held.check()
    }
}

impl Writer for SqliteWriter {
    /// One transaction, flushed before it counts. Without a row the number that the file has already is written again.
    fn commit(&mut self, rows: &[&Row]) -> Result<(), String> {
        self.within(|connection| {
            let transaction = connection.transaction()?;
            if rows.is_empty() {
                transaction.pragma_update(None, "user_version", super::VERSION)?;
            } else {
                let mut insert =
                    transaction.prepare_cached("INSERT INTO events (session, body) VALUES (?1, ?2)")?;
                for row in rows {
                    insert.execute(params![row.session, row.body])?;
                }
            }
            transaction.commit()
        })
    }

    fn forget(&mut self, sessions: &[String], before_millis: u64) -> Result<usize, String> {
        self.within(|connection| {
            let transaction = connection.transaction()?;
            let mut n = 0;
            for id in sessions {
                if last_millis(&transaction, id)?.is_some_and(|last| last < before_millis) {
                    n += transaction.execute("DELETE FROM events WHERE session = ?1", [id])?;
                }
            }
            transaction.commit()?;
            connection.execute_batch(&format!("PRAGMA incremental_vacuum({N_PAGES})"))?;
            Ok(n)
        })
    }
}

fn last_millis(connection: &Connection, id: &str) -> rusqlite::Result<Option<u64>> {
    let sql = "SELECT json_extract(body, '$.time_millis') FROM events
        WHERE session = ?1 ORDER BY position DESC LIMIT 1";
    let last: Option<Option<i64>> = connection.query_row(sql, [id], |row| row.get(0)).optional()?;
    Ok(last.flatten().map(|millis| millis as u64))
}
