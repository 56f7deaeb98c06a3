//! Where sessions and feedback survive.

mod event;
mod queue;
mod redis;
mod resp;
mod sqlite;

pub use event::{Event, Rated, Record, Shown};
pub use redis::RedisStore;
pub use sqlite::SqliteStore;

use std::path::PathBuf;

/// Called once it is certain that the records are kept, or that they are not.
pub type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A log of events. What was acknowledged is there after a power cut; the events of one session are in the order in
/// which they were appended.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Appends records, all or none, and calls `done` once they are on disk.
    ///
    /// # Errors
    /// When too much waits already; then `done` is not called.
    fn append(&self, records: Vec<Record>, done: Done) -> Result<(), StoreError>;

    /// The events of one session, oldest first; empty where there is none of this id.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn session(&self, id: &str) -> Result<Vec<Record>, StoreError>;

    /// At most the latest `limit` events of the sessions that were started for a user, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn of_user(&self, user: &str, limit: usize) -> Result<Vec<Record>, StoreError>;

    /// At most `limit` records after position `after`, with their positions, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn since(&self, after: u64, limit: usize) -> Result<Vec<(u64, Record)>, StoreError>;

    /// Whether others may append to the same sessions, so that what is in memory can be out of date.
    fn is_shared(&self) -> bool {
        false
    }

    /// How many events a session has.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn length(&self, id: &str) -> Result<usize, StoreError> {
        Ok(self.session(id)?.len())
    }

    /// Writes what waits and ends.
    fn close(&self);
}

/// A store that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("cannot {action} the store: {source}: {}", path.display())]
    Sqlite {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// A Redis server that cannot be reached, or refused.
    #[error("cannot use the store: {why}: redis://{addr}")]
    Redis {
        /// Where.
        addr: String,
        /// Why.
        why: String,
    },
    /// A record that cannot be understood.
    #[error("record {position} cannot be read: {why}")]
    Damaged {
        /// Its position.
        position: u64,
        /// Why.
        why: String,
    },
    /// A file of another layout.
    #[error("store version {got}, this binary reads {expected}: {}", path.display())]
    Version {
        /// The version this binary reads.
        expected: i64,
        /// The version found.
        got: i64,
        /// Where.
        path: PathBuf,
    },
    /// The writer could not be started.
    #[error("cannot start the writer of the store: {0}")]
    Start(std::io::Error),
    /// More waits than can be written.
    #[error("the store has more to write than it can keep up with")]
    Busy,
    /// The store was closed, or a write before this one failed.
    #[error("the store could not write: {0}")]
    Failed(String),
}
