//! No read outlives who asked for it, and none makes a write fail.

use super::super::{Event, Record, Store as _, StoreError};
use super::{Readers, SqliteStore};
use proptest::prelude::*;
use rusqlite::Connection;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// A statement without an end.
const ENDLESS: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
    SELECT max(x), 'a' FROM n WHERE ?1 <> ?2";

fn check_ends(readers: &Readers, until: Instant) {
    let ended = readers.select(ENDLESS, &"a", 1, until);
    assert!(matches!(ended, Err(StoreError::Late)), "{ended:?}");
}

#[test]
fn a_read_ends_at_its_deadline_and_when_the_server_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let _store = SqliteStore::open(&path).unwrap();
    let readers = Readers::open(&path).unwrap();
    check_ends(&readers, Instant::now() + Duration::from_millis(20));
    // The same connection reads on.
    assert_eq!(readers.since(0, 10, Instant::now() + Duration::from_secs(60)).unwrap(), []);
    let far = Instant::now() + Duration::from_secs(3600);
    std::thread::scope(|scope| {
        let reads: Vec<_> = (0..3).map(|_| scope.spawn(|| check_ends(&readers, far))).collect();
        readers.stop();
        reads.into_iter().for_each(|read| read.join().unwrap());
        check_ends(&readers, far);
    });
}

/// A read that has begun and does not end.
fn reading(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let _: i64 = connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    connection
}

fn append(store: &SqliteStore, session: usize, length: usize) -> Result<(), StoreError> {
    let (tell, told) = channel();
    let event = Event::Started { user: Some("u".repeat(length)), history: Vec::new() };
    let record = Record { session: session.to_string(), time_millis: 1, event };
    let until = Instant::now() + Duration::from_secs(3600);
    store.append(vec![record], until, Box::new(move |outcome| tell.send(outcome).unwrap())).unwrap();
    told.recv().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// What a reader still needs stays in the `-wal` file, so the file itself can be shorter than its header says.
    #[test]
    fn what_was_read_while_it_was_written_makes_no_write_fail(
        n_before in 100usize..400,
        n_after in 1usize..12,
        length in 1usize..3000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let store = SqliteStore::open(&path).unwrap();
        let first = reading(&path);
        (0..n_before).try_for_each(|at| append(&store, at, length)).unwrap();
        let second = reading(&path);
        drop(first);
        for at in 0..n_after {
            append(&store, n_before + at, 1).unwrap();
        }
        drop(second);
        append(&store, 0, 1).unwrap();
    }
}
