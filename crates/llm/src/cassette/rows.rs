//! Rows of calls.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::key::{Call, HASH_BYTES, hash};

/// What a cassette has for a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The text of the answer.
    Answer(String),
    /// No row.
    Nothing,
    /// A row that is not as it was written.
    Damaged,
}

/// What the table has for a call of this model.
pub(crate) fn find(connection: &Connection, model: &str, call: &Call) -> rusqlite::Result<Found> {
    let mut query = connection
        .prepare_cached("SELECT model, kind, request, answer, checksum FROM calls WHERE key = ?1")?;
    let row = query.query_row([&call.key], |row| Ok(read_row(row))).optional()?;
    let Some(row) = row else { return Ok(Found::Nothing) };
    let ours = |row: &StoredRow| {
        row.is_whole(&call.key)
            && (&*row.model, &*row.kind, &*row.request) == (model, call.kind, &call.request)
    };
    Ok(row.filter(ours).map_or(Found::Damaged, |row| Found::Answer(row.answer)))
}

/// Keeps an answer unless there is one that stays; returns what is there now.
pub(crate) fn keep(
    connection: &mut Connection,
    model: &str,
    call: &Call,
    answer: &str,
    stays: impl Fn(&str) -> bool,
) -> rusqlite::Result<String> {
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Found::Answer(first) = find(&begun, model, call)?
        && stays(&first)
    {
        return Ok(first);
    }
    let checksum = Call::checksum(&call.key, [model, call.kind, &call.request, answer]);
    begun
        .prepare_cached("INSERT OR REPLACE INTO calls VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![call.key, model, call.kind, call.request, answer, checksum])?;
    begun.commit()?;
    Ok(answer.to_owned())
}

/// The columns of a row besides its key.
pub(crate) struct StoredRow {
    pub(crate) model: String,
    pub(crate) kind: String,
    pub(crate) request: String,
    pub(crate) answer: String,
    pub(crate) checksum: Vec<u8>,
}

impl StoredRow {
    /// Whether it is what was written under this key.
    pub(crate) fn is_whole(&self, key: &[u8]) -> bool {
        let parts = [&*self.model, &*self.kind, &*self.request, &*self.answer];
        let key_of_row = hash(&[parts[0].as_bytes(), parts[1].as_bytes(), parts[2].as_bytes()]);
        key.len() == HASH_BYTES && key == key_of_row && self.checksum == Call::checksum(key, parts)
    }
}

/// Reads a row of (model, kind, request, answer, checksum); nothing if a column is not of its type.
pub(crate) fn read_row(row: &rusqlite::Row<'_>) -> Option<StoredRow> {
    Some(StoredRow {
        model: row.get(0).ok()?,
        kind: row.get(1).ok()?,
        request: row.get(2).ok()?,
        answer: row.get(3).ok()?,
        checksum: row.get(4).ok()?,
    })
}
