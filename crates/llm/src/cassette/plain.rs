//! Databases of strangers: a file may hold views, triggers and computed columns, which are programs that run when a table
//! is read. Only plain tables are.

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OptionalExtension as _};

/// The longest text or row in bytes.
const LONGEST: i32 = 256 << 20;

/// What is neither a plain table nor the index of one.
const STRANGERS: &str = "SELECT type || ' ' || name FROM sqlite_schema
    WHERE type NOT IN ('table', 'index') OR type = 'table' AND coalesce(rootpage, 0) = 0
        OR type = 'index' AND sql IS NOT NULL LIMIT 1";
/// Columns that are computed or hidden.
const COMPUTED: &str =
    "SELECT 'column ' || found.name || ' of table ' || entry.name FROM sqlite_schema AS entry
    JOIN pragma_table_xinfo(entry.name) AS found WHERE entry.type = 'table' AND found.hidden <> 0 LIMIT 1";

/// Before anything is read: no view and no trigger runs, the schema cannot be written to, texts are of bounded length.
/// What is left takes time in proportion to the file.
pub(crate) fn limit(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST).map(|_| ())
}

/// The first thing in the database that is more than a plain table.
pub(crate) fn stranger(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let look = |query: &str| connection.query_row(query, [], |row| row.get(0)).optional();
    match look(STRANGERS)? {
        None => look(COMPUTED),
        found => Ok(found),
    }
}
