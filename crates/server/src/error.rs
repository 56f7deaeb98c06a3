//! Why a server cannot start or go on.

use crate::store::StoreError;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A server that cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The policy is refused.
    #[error(transparent)]
    Policy(#[from] serving::ServingError),
    /// The store is refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address is taken or not ours.
    #[error("cannot listen: {source}: {addr}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Administration for everybody who gets there, at an address that others get to.
    #[error("without keys, administration is at a loopback address alone: {addr}")]
    AdminAddr {
        /// Where.
        addr: SocketAddr,
    },
    /// A clock that says what cannot be written as a date.
    #[error("the clock of this machine is before 1970 or after 9998")]
    Clock,
    /// Threads or timers cannot be had.
    #[error("cannot start: {0}")]
    Start(#[source] std::io::Error),
    /// A certificate or key that cannot be used.
    #[error("cannot use for TLS: {why}: {}", path.display())]
    Tls {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A folder to be watched that is not there.
    #[error("no such folder: {}", path.display())]
    Watch {
        /// Where.
        path: PathBuf,
    },
    /// A share that is none.
    #[error("a share is from 0 to 1, got {got}")]
    Share {
        /// What was given.
        got: f64,
    },
    /// A file for the access log that cannot be written.
    #[error("cannot write the access log: {source}: {}", path.display())]
    AccessLog {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A table of attributes that cannot be read.
    #[error("cannot read attributes: {why}: {}", path.display())]
    Attributes {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file of keys that cannot be read.
    #[error("cannot read keys: {source}: {}", path.display())]
    Keys {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A line of the file of keys that is none.
    #[error("line {line} is not `api KEY`, `console KEY` or `admin KEY` with a key of at least 16 characters: {}", path.display())]
    KeyLine {
        /// Where.
        path: PathBuf,
        /// Which line.
        line: usize,
    },
    /// A file of keys without a key.
    #[error("there is no key in it: {path}", path = path.display())]
    NoKey {
        /// Where.
        path: PathBuf,
    },
}
