//! Where sessions and feedback survive.

mod event;
mod queue;
mod redis;
mod sqlite;

pub use event::{Event, Rated, Record, Shown};
pub use redis::RedisStore;
pub use sqlite::SqliteStore;

use crate::StoreAt;
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
    fn since(&self, after: u64, limit: usize) -> Result<Positioned, StoreError>;

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

/// Hands over all records of a store in their order, and changes nothing in it.
///
/// # Errors
/// When the store cannot be read.
pub fn for_each(at: &StoreAt, mut each: impl FnMut(&Record)) -> Result<(), StoreError> {
    const AT_ONCE: usize = 10_000;
    let mut hand_over = |since: &dyn Fn(u64) -> Result<Positioned, StoreError>| {
        let mut after = 0;
        loop {
            let records = since(after)?;
            let Some((last, _)) = records.last() else { return Ok(()) };
            after = *last;
            records.iter().for_each(|(_, record)| each(record));
        }
    };
    match at {
        StoreAt::File(path) => {
            let log = sqlite::SqliteLog::open_at_rest(path)?;
            hand_over(&|after| log.since(after, AT_ONCE))
        }
        StoreAt::Redis(url) => {
            let store = RedisStore::open(url)?;
            hand_over(&|after| store.since(after, AT_ONCE))
        }
    }
}

/// Records with their positions in the log.
pub type Positioned = Vec<(u64, Record)>;

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
    /// No address of a Redis server; it is not repeated, because there can be a password in it.
    #[error(
        "cannot use the store's address: {why} (redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS)"
    )]
    Url {
        /// Why.
        why: String,
    },
    /// A file that another server has.
    #[error("another server has the store: {} (several on one store need `--store redis://…`)", path.display())]
    Taken {
        /// Where.
        path: PathBuf,
    },
    /// A file that cannot be kept from other servers.
    #[error("cannot lock the store: {source}: {}.lock", path.display())]
    Lock {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A Redis server that cannot be reached, or refused.
    #[error("cannot use the store: {why}: Redis at {addr}")]
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
    /// A database of something else, or a store of another layout.
    #[error("not a store of this version (its number is {got}, {expected} is expected): {}", path.display())]
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
