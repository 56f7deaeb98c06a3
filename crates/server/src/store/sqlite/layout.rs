//! What a store's file has in it, and that it has nothing else that would run.

use super::super::StoreError;
use crate::clock::random_u64;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _};
use std::path::Path;

pub(super) const VERSION: i64 = 1;
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS events (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        session TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS events_of_session ON events (session, position);
    CREATE INDEX IF NOT EXISTS answers_of_session ON events (session, position)
        WHERE json_extract(body, '$.event') = 'answered';
    CREATE INDEX IF NOT EXISTS sessions_of_user ON events (json_extract(body, '$.user'))
        WHERE json_extract(body, '$.user') IS NOT NULL;";

/// Nothing that is written in a file's own schema may do more than plain tables do.
pub(super) fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    Ok(())
}

/// Checks that a file is a store: its version, and a plain table of three columns.
///
/// # Errors
/// What is different.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let fails = |source| StoreError::Sqlite { action: "read", path: path.to_owned(), source };
    let got: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fails)?;
    let strange = |why: String| StoreError::Layout { why, path: path.to_owned() };
    let running = "SELECT type || ' ' || name FROM sqlite_schema
        WHERE type IN ('view', 'trigger') OR sql LIKE 'CREATE VIRTUAL%' LIMIT 1";
    let running: Option<String> =
        connection.query_row(running, [], |row| row.get(0)).optional().map_err(fails)?;
    if let Some(what) = running {
        return Err(strange(format!("it has a {what}, and a store has plain tables alone")));
    }
    let columns =
        "SELECT group_concat(name || ':' || type || ':' || hidden, ' ') FROM pragma_table_xinfo('events')";
    let columns: Option<String> = connection.query_row(columns, [], |row| row.get(0)).map_err(fails)?;
    if got != VERSION || columns.is_none() {
        return Err(StoreError::Version { expected: VERSION, got, path: path.to_owned() });
    }
    if columns.as_deref() != Some("position:INTEGER:0 session:TEXT:0 body:TEXT:0") {
        return Err(strange("its table of events has other columns".into()));
    }
    Ok(())
}

/// A number by which the file is known again: whoever puts another store in its place is noticed. It is in the file's own
/// header once this returns, not in the `-wal` file alone.
pub(super) fn stamp(connection: &Connection) -> rusqlite::Result<u32> {
    let mut stamp: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if stamp == 0 {
        stamp = (random_u64().unwrap_or(1) as i32 & i32::MAX).max(1);
        connection.pragma_update(None, "application_id", stamp)?;
    }
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(stamp as u32)
}

/// Lets a file give room back: from its first table on, or by writing an older one anew.
pub(super) fn give_back(connection: &Connection) -> rusqlite::Result<()> {
    const INCREMENTAL: i64 = 2;
    let mode: i64 = connection.pragma_query_value(None, "auto_vacuum", |row| row.get(0))?;
    if mode == INCREMENTAL {
        return Ok(());
    }
    connection.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
    let n_tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if n_tables > 0 {
        tracing::info!("the store is written anew, so that it can give room back");
        connection.execute_batch("VACUUM")?;
    }
    Ok(())
}
