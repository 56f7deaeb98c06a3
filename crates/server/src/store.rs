//! Where sessions and feedback survive.

mod event;
mod queue;
mod redis;
mod sqlite;

pub use event::{Event, Rated, Record, Shown};
pub use redis::{RedisStore, Terms};
pub use sqlite::SqliteStore;

use crate::StoreAt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Called once it is certain that the records are kept, or that they are not.
pub type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Called with how much was forgotten.
pub type Forgotten = Box<dyn FnOnce(Result<usize, StoreError>) + Send>;

/// Sessions that had no event since a time, of a part of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Idle {
    /// Their ids.
    pub sessions: Vec<String>,
    /// Where to look on; absent where there is nothing older than that time any more.
    pub next: Option<u64>,
}

/// A log of events. What was acknowledged is there after a power cut; the events of one session are in the order in
/// which they were appended.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Appends records, all or none, and calls `done` once they are on disk. What could not be begun by `until` is not kept.
    /// No record at all is a trial: `done` says whether the store can write.
    ///
    /// # Errors
    /// When too much waits already; then `done` is not called.
    fn append(&self, records: Vec<Record>, until: Instant, done: Done) -> Result<(), StoreError>;

    /// The events of one session, oldest first; empty where there is none of this id.
    ///
    /// # Errors
    /// When the store cannot be read, or not by `until`.
    fn session(&self, id: &str, until: Instant) -> Result<Vec<Record>, StoreError>;

    /// What the store knows that a user thinks of items: starts and answers of the latest sessions, oldest first, and no more
    /// sessions than have about so many items together.
    ///
    /// # Errors
    /// When the store cannot be read, or not by `until`.
    fn of_user(&self, user: &str, most: usize, until: Instant) -> Result<Vec<Record>, StoreError>;

    /// At most `limit` records after position `after`, with their positions, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read, or not by `until`.
    fn since(&self, after: u64, limit: usize, until: Instant) -> Result<Positioned, StoreError>;

    /// Whether others may append to the same sessions, so that what is in memory can be out of date.
    fn is_shared(&self) -> bool {
        false
    }

    /// How many events a session has.
    ///
    /// # Errors
    /// When the store cannot be read, or not by `until`.
    fn length(&self, id: &str, until: Instant) -> Result<usize, StoreError>;

    /// Sessions without an event since a time, among the events after a place in the log. None where the store forgets by
    /// itself.
    ///
    /// # Errors
    /// When the store cannot be read, or not by `until`.
    fn idle(&self, before_millis: u64, from: u64, until: Instant) -> Result<Idle, StoreError>;

    /// Forgets those of the sessions that had no event since a time.
    ///
    /// # Errors
    /// When too much waits already; then `done` is not called.
    fn forget(&self, sessions: Vec<String>, before_millis: u64, done: Forgotten) -> Result<(), StoreError>;

    /// Bytes that it takes, where that is known.
    fn bytes(&self) -> Option<u64>;

    /// Ends what is being read, and refuses more.
    fn stop_reading(&self);

    /// Writes what waits and ends, but waits no longer than until then.
    fn close(&self, until: Instant);
}

/// Hands over all records of a store in their order, and changes nothing in it.
///
/// # Errors
/// When the store cannot be read.
pub fn for_each(at: &StoreAt, mut each: impl FnMut(&Record)) -> Result<(), StoreError> {
    const AT_ONCE: usize = 10_000;
    /// The most time for so many; a sound file needs a small part of it.
    const PATIENCE: Duration = Duration::from_secs(60);
    let mut hand_over = |since: &dyn Fn(u64, Instant) -> Result<Positioned, StoreError>| {
        let mut after = 0;
        loop {
            let records = since(after, Instant::now() + PATIENCE)?;
            if records.is_empty() {
                return Ok(());
            }
            for (position, record) in &records {
                // A damaged tree could lead round in a circle.
                if *position <= after {
                    return Err(StoreError::Damaged { position: *position, why: "it comes again".into() });
                }
                after = *position;
                each(record);
            }
        }
    };
    match at {
        StoreAt::File(path) => {
            let log = sqlite::Readers::open_at_rest(path)?;
            hand_over(&|after, until| log.since(after, AT_ONCE, until))
        }
        StoreAt::Redis(url) => {
            let store = RedisStore::open_to_read(url)?;
            hand_over(&|after, until| store.since(after, AT_ONCE, until))
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
    /// A Redis server that may throw away what is kept in it.
    #[error("Redis may throw away what is kept in it: its maxmemory-policy is {policy}: {addr}")]
    Evicts {
        /// Where.
        addr: String,
        /// Its policy.
        policy: String,
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
    /// A database in which something else is than a store has.
    #[error("not a store: {why}: {}", path.display())]
    Layout {
        /// What is different.
        why: String,
        /// Where.
        path: PathBuf,
    },
    /// The writer could not be started.
    #[error("cannot start the writer of the store: {0}")]
    Start(std::io::Error),
    /// More waits than can be written.
    #[error("the store has more to write than it can keep up with")]
    Busy,
    /// There was no time left for it.
    #[error("the store did not answer in time")]
    Late,
    /// The store was closed, or a write before this one failed.
    #[error("the store could not write: {0}")]
    Failed(String),
}
