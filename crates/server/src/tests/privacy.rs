//! What opens a session, or a server, is told to nobody else.

use super::client::Running;
use crate::AccessLog;
use serde_json::json;

#[test]
fn the_id_of_a_session_is_in_no_log_and_no_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.jsonl");
    let log = AccessLog::open(&path).unwrap();
    let server = Running::like(move |config| config.access_log = Some(log));
    let session = server.post("/v1/sessions", &json!({"user": "ann"})).json();
    let id = session["id"].as_str().unwrap();
    let told = json!({"item": "id5", "feedback": "like"});
    assert_eq!(server.post(&format!("/v1/sessions/{id}/feedback"), &told).status, 200);
    assert_eq!(server.get(&format!("/v1/sessions/{id}")).status, 200);
    assert_eq!(server.post("/v1/recommend", &json!({"session": id})).status, 200);
    // Also where it stands in a place that is none.
    for path in [
        "/v1/sessions/ID/",
        "/v1/session/ID",
        "//v1/sessions/ID",
        "/v1/items/ID",
        "/ID",
        "/console/assets/ID",
        "/v1/items?q=ID",
    ] {
        server.get(&path.replace("ID", id));
    }
    let traffic = server.get("/console/traffic.json");
    assert!(traffic.json()["recent"].as_array().unwrap().len() >= 11);
    let metrics = server.get("/metrics").body;
    server.stop();
    let lines = std::fs::read_to_string(&path).unwrap();
    assert!(lines.lines().count() >= 13, "{lines}");
    for (name, text) in [("traffic", &traffic.body), ("metrics", &metrics), ("log", &lines)] {
        assert!(!text.contains(id), "{name}: {text}");
    }
    assert!(lines.contains("\"path\":\"/v1/sessions/{id}/feedback\""), "{lines}");
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (log, store) = (folder.path().join("access.jsonl"), folder.path().join("store.sqlite"));
    let server = Running::at(&store, |_| {});
    server.post("/v1/sessions", &json!({})).json();
    drop(AccessLog::open(&log).unwrap());
    let files: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file:?}: {mode:o}");
    }
}
