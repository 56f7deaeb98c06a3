//! Cassettes of strangers: whatever is more than a plain table is refused before it is read.

use super::record;
use crate::*;

/// A cassette that was made into something else by these statements.
fn changed(statements: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.sqlite");
    record(&path, 2);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(statements).unwrap();
    (folder, path)
}

#[test]
fn only_plain_tables_are_read() {
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)";
    let columns =
        "x AS key, 'm' AS model, 'generate' AS kind, '{}' AS request, '{}' AS answer, x AS checksum";
    for statements in [
        format!("DROP TABLE calls; CREATE VIEW calls AS {endless} SELECT {columns} FROM n;"),
        format!("DROP TABLE models; CREATE VIEW models AS {endless} SELECT 'm' AS model, x AS capabilities FROM n;"),
        format!(
            "DROP TABLE reservations; CREATE VIEW reservations AS {endless} SELECT x AS id, 'm' AS model, 'actor' AS agent,
             x AS tokens_in, x AS tokens_out FROM n;"
        ),
        format!(
            "CREATE TRIGGER t AFTER INSERT ON calls BEGIN INSERT INTO models
             {endless} SELECT x, x FROM n; END;"
        ),
        "ALTER TABLE calls ADD COLUMN more TEXT AS (hex(zeroblob(100000000)));".to_owned(),
        "CREATE INDEX i ON calls (hex(zeroblob(1000)));".to_owned(),
    ] {
        let (_folder, path) = changed(&statements);
        for error in [Cassette::open(&path).unwrap_err(), Cassette::open_to_read(&path).unwrap_err()] {
            assert!(error.to_string().contains("more than plain tables"), "{statements}: {error}");
        }
        assert!(Replay::open(&path, None).is_err());
    }
}
