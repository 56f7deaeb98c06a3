//! A store whose file is taken away, cut or replaced acknowledges nothing more; one that could run something is refused.

use super::client::Running;
use super::soon;
use crate::StoreAt;
use crate::store::{SqliteStore, Store as _, StoreError, for_each};
use rusqlite::Connection;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

fn beside(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}

fn cut(path: &Path, length: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

/// Its name, and what it does to the store at a path.
type Misfortune = (&'static str, fn(&Path));

/// What may happen to the files of a store that is served.
const MISFORTUNES: [Misfortune; 7] = [
    ("removed", |path| std::fs::remove_file(path).unwrap()),
    ("renamed", |path| std::fs::rename(path, beside(path, ".old")).unwrap()),
    ("cut to nothing", |path| cut(path, 0)),
    ("cut", |path| cut(path, 4096)),
    ("overwritten", |path| {
        std::fs::copy(beside(path, ".other"), path).unwrap();
    }),
    ("without its -wal", |path| std::fs::remove_file(beside(path, "-wal")).unwrap()),
    ("with a cut -wal", |path| cut(&beside(path, "-wal"), 100)),
];

fn check_noticed(name: &str, misfortune: fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    drop(SqliteStore::open(&beside(&path, ".other")).unwrap());
    let server = Running::at(&path, |limits| limits.probe = Duration::from_millis(10));
    let feedback = |id: &str| {
        let told = json!({"item": "id5", "feedback": "like"});
        server.post(&format!("/v1/sessions/{id}/feedback"), &told).status
    };
    let id = server.post("/v1/sessions", &json!({})).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(feedback(&id), 200);
    misfortune(&path);
    for _ in 0..3 {
        assert_eq!(feedback(&id), 503, "{name}");
        assert_eq!(server.post("/v1/sessions", &json!({})).status, 503, "{name}");
    }
    assert!((0..100_000).any(|_| server.get("/health/ready").status == 503), "{name}: not ready");
    assert_eq!(server.get("/health/live").status, 200, "{name}");
    assert_eq!(server.post("/v1/recommend", &json!({})).status, 200, "{name}: what needs no store goes on");
    server.stop();
}

#[test]
fn nothing_is_acknowledged_that_would_be_lost_with_the_file() {
    for (name, misfortune) in MISFORTUNES {
        check_noticed(name, misfortune);
    }
}

#[test]
fn what_others_moved_from_the_log_into_the_file_is_no_misfortune() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let server = Running::at(&path, |limits| limits.probe = Duration::from_millis(10));
    let start = || server.post("/v1/sessions", &json!({"user": "ann"})).status;
    assert_eq!(start(), 201);
    let other = Connection::open(&path).unwrap();
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(other);
    assert_eq!((start(), start()), (201, 201));
    assert_eq!(server.get("/health/ready").status, 200);
    server.stop();
    let mut n = 0;
    for_each(&StoreAt::File(path), |_| n += 1).unwrap();
    assert_eq!(n, 3);
}

#[test]
#[cfg(target_os = "linux")]
fn a_second_server_stays_out_also_where_the_lock_file_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    drop(SqliteStore::open(&path).unwrap());
    // As another process holds it: by the file itself.
    let other = File::open(&path).unwrap();
    other.try_lock().unwrap();
    std::fs::remove_file(beside(&path, ".lock")).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Taken { .. })));
    drop(other);
    let store = SqliteStore::open(&path).unwrap();
    std::fs::remove_file(beside(&path, ".lock")).unwrap();
    let (tell, told) = channel();
    store.append(Vec::new(), soon(), Box::new(move |outcome| tell.send(outcome).unwrap())).unwrap();
    told.recv().unwrap().unwrap();
    assert!(beside(&path, ".lock").exists(), "made again by whoever has the store");
}

#[test]
fn what_a_file_could_run_is_refused_before_it_runs() {
    let endless =
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, 'a', '{}' FROM n";
    let table = "CREATE TABLE events (position INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, body TEXT NOT NULL) STRICT;";
    let schemas = [
        format!("CREATE VIEW events (position, session, body) AS {endless};"),
        format!("{table} CREATE VIEW more AS {endless};"),
        format!("{table} CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END;"),
        "CREATE TABLE events (position INTEGER PRIMARY KEY, session TEXT, body TEXT AS (session || session));".into(),
        "CREATE TABLE events (session TEXT, body TEXT);".into(),
        "CREATE VIRTUAL TABLE events USING fts5(position, session, body);".into(),
    ];
    for schema in schemas {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let made = Connection::open(&path).unwrap();
        if made.execute_batch(&format!("{schema} PRAGMA user_version = 1;")).is_err() {
            // This SQLite has no such module.
            continue;
        }
        drop(made);
        let before = std::fs::read(&path).unwrap();
        assert!(SqliteStore::open(&path).is_err(), "{schema}");
        assert!(for_each(&StoreAt::File(path.clone()), |_| {}).is_err(), "{schema}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{schema}");
    }
}

#[test]
#[cfg(unix)]
fn a_store_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let _store = SqliteStore::open(&path).unwrap();
    for ending in ["", "-wal", "-shm", ".lock"] {
        let mode = std::fs::metadata(beside(&path, ending)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{ending}");
    }
}
