//! No read outlives who asked for it.

use super::super::StoreError;
use super::{Readers, SqliteStore};
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
