//! What may have been paid for and is in no row of a call: calls under way, lost ones, answers that were not kept.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::answer::to_row;
use super::file::Cassette;
use crate::{AgentRole, AtMost, Count, Ledger, LlmError, Prices};

/// Made where it is missing, as in a cassette of an earlier version, which cannot tell the difference.
pub(crate) const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS reservations (
        id INTEGER PRIMARY KEY, model TEXT NOT NULL, agent TEXT NOT NULL,
        tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL
    );
";

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReservationId(i64);

impl Cassette {
    /// Notes, before a request is sent, the most it can cost; or afterwards, what was paid for nothing.
    pub(crate) fn reserve(
        &self,
        model: &str,
        agent: AgentRole,
        most: AtMost,
    ) -> Result<ReservationId, LlmError> {
        let agent = to_row(&agent).unwrap_or_default();
        let whole = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let insert = "INSERT INTO reservations (model, agent, tokens_in, tokens_out) VALUES (?1, ?2, ?3, ?4)";
        self.with(|connection| {
            let row = params![model, agent, whole(most.tokens_in), whole(most.tokens_out)];
            connection.prepare_cached(insert)?.insert(row).map(ReservationId)
        })
    }

    /// The answer is kept, or nothing can have been paid.
    pub(crate) fn release(&self, id: ReservationId) -> Result<(), LlmError> {
        let delete = "DELETE FROM reservations WHERE id = ?1";
        self.with(|connection| connection.prepare_cached(delete)?.execute([id.0]).map(|_| ()))
    }

    /// What the recorded calls once cost, by agent, so that a run that goes on can count it; calls that may have been
    /// paid for and have no answer count with the most they can have cost. A row that is damaged is left out: it will
    /// be paid for again.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if the file is damaged.
    pub fn paid(&self, prices: &Prices) -> Result<BTreeMap<AgentRole, Count>, LlmError> {
        let ledger = Ledger::default();
        self.each_cost(|model, agent, usage| {
            ledger.book(agent, &usage, &prices.of(model).unwrap_or_default());
        })?;
        self.with(|connection| {
            if !has_table(connection)? {
                return Ok(());
            }
            let mut query =
                connection.prepare("SELECT model, agent, tokens_in, tokens_out FROM reservations")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let (model, agent): (String, String) = (row.get(0)?, row.get(1)?);
                let agent = serde_json::from_str(&agent).unwrap_or(AgentRole::Other);
                let tokens = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
                let most = AtMost { tokens_in: tokens(2)?, tokens_out: tokens(3)? };
                ledger.book_lost(agent, most, &prices.of(&model).unwrap_or_default());
            }
            Ok(())
        })?;
        Ok(ledger.counts())
    }
}

/// Whether there is such a table, which a file that is only read may lack.
fn has_table(connection: &Connection) -> rusqlite::Result<bool> {
    let count = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'reservations'";
    connection.query_row(count, [], |row| row.get(0))
}
