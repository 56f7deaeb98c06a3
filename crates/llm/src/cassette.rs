//! Cassettes: every call that was answered, kept so that it is never paid for twice and can be played back.
//!
//! A cassette is an SQLite file (write-ahead log, several writers) with one row per call. A row's key is the hash of
//! the model's name, the kind of call and the request as canonical JSON; the row also carries a checksum, and one that
//! does not fit is never returned. A small cassette can be written out as sorted lines of JSON and played back from
//! there.
//!
//! Beside the calls stand reservations: what may have been paid for and has no answer here, see [`Cassette::paid`].
//!
//! [`Recorded`] answers from the cassette and asks its model for the rest; [`Replay`] answers from the cassette alone.

mod answer;
mod batch;
mod file;
mod key;
mod lines;
mod plain;
mod recorded;
mod replay;
mod reservations;
mod rows;
mod slate;

pub use file::Cassette;
pub use recorded::Recorded;
pub use replay::Replay;
pub(crate) use reservations::ReservationId;
pub(crate) use slate::whole;

#[cfg(test)]
mod tests;
