//! The service as clients see it, over real sockets.

mod attributes;
mod availability;
mod broken;
mod browsers;
mod client;
mod console;
mod crowds;
mod doors;
mod experiment;
mod fuzz;
mod privacy;
mod redis;
mod sessions;
mod shapes;
mod shared;
mod stores;
mod tls;
mod users;
mod watch;

use crate::store::{Event, SqliteStore, Store as _};
use crate::*;
use client::{Answer, Running, at_golden, at_other};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// When a store has to have answered on any machine.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn check_problem(answer: &Answer, status: u16, field: Option<&str>) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["status"], status);
    assert_eq!(problem.get("field").and_then(Value::as_str), field, "{}", answer.body);
}

#[test]
fn a_history_gets_a_slate_and_the_same_seed_the_same_one() {
    let server = Running::start(|_| {});
    let wanted = json!({
        "history": ["id3", {"item": "the film part 9", "feedback": "dislike"}, {"item": "id4", "rating": 3.5}],
        "k": 5, "exploration": true, "seed": 7, "exclude": ["id0"], "categories": ["Category 1"],
    });
    let first = server.post("/v1/recommend", &wanted).json();
    assert_eq!(first["items"].as_array().unwrap().len(), 5);
    assert_eq!(first["items"], server.post("/v1/recommend", &wanted).json()["items"]);
    for item in first["items"].as_array().unwrap() {
        assert!(item["propensity"].as_f64().unwrap() > 0.0);
        assert!(item["categories"].as_array().unwrap().contains(&json!("Category 1")));
        assert!(item["reason"]["text"].is_string() && item["reason"]["demonstration"].is_object());
    }
    let nobody = server.post("/v1/recommend", &json!({})).json();
    assert_eq!(nobody["items"].as_array().unwrap().len(), 10);
    assert_eq!(nobody["policy"], first["policy"]);
}

#[test]
fn reasons_of_somebody_unknown_speak_of_everybody() {
    let server = Running::start(|_| {});
    let reasons = |body: &Value| -> Vec<Value> {
        let answer = server.post("/v1/recommend", body).json();
        answer["items"].as_array().unwrap().iter().map(|item| item["reason"].clone()).collect()
    };
    let unknown = reasons(&json!({"k": 6}));
    assert_eq!(unknown.len(), 6);
    for reason in &unknown {
        let text = reason["text"].as_str().unwrap();
        assert_eq!(reason["rests_on"], "everybody");
        assert!(!text.contains("were liked") && !text.contains("just shown"), "{text}");
        let demo = &reason["demonstration"];
        assert_eq!(demo["similar_steps"], 0);
        let said = demo["text"].as_str().unwrap_or("in a demonstration for another user, it was chosen");
        assert_eq!(said, "in a demonstration for another user, it was chosen");
    }
    let known = reasons(&json!({"k": 6, "history": ["id3", "id4"]}));
    assert!(known.iter().all(|reason| reason["rests_on"] == "user"));
}

#[test]
fn what_cannot_be_used_is_named() {
    let server = Running::start(|limits| limits.body_bytes = 4096);
    let cases: [(Value, &str); 8] = [
        (json!({"k": 0}), "k"),
        (json!({"k": 101}), "k"),
        (json!({"k": "ten"}), "k"),
        (json!({"history": ["id1", true]}), "history[1]"),
        (json!({"history": [{"item": "id1", "rating": 6}]}), "history[0].rating"),
        (json!({"exclude": ["nothing"]}), "exclude[0]"),
        (json!({"categories": ["Western"]}), "categories"),
        (json!({"seed": "x"}), "seed"),
    ];
    for (body, field) in cases {
        check_problem(&server.post("/v1/recommend", &body), 422, Some(field));
    }
    for text in ["", "{", "[1,", "{\"k\": NaN}", "\u{0}", "{} {}", "{\"k\": 1e999}"] {
        let answer = server.send("POST", "/v1/recommend", &[("content-type", "application/json")], text);
        assert_eq!(answer.status / 100, 4, "{text}: {}", answer.body);
    }
    let long = format!("{{\"k\": \"{}\"}}", "x".repeat(5000));
    check_problem(
        &server.send("POST", "/v1/recommend", &[("content-type", "application/json")], &long),
        413,
        None,
    );
    let rows = json!({"history": [["id1", 5, "like"]]});
    check_problem(&server.post("/v1/recommend", &rows), 422, Some("history[0]"));
    check_problem(&server.post("/v1/recommend", &json!([])), 422, Some("."));
    check_problem(&server.send("POST", "/v1/recommend", &[("content-type", "text/plain")], "{}"), 415, None);
    check_problem(&server.get("/v1/sessions/nothing"), 404, None);
    check_problem(&server.get("/v1/items/nothing"), 404, None);
    check_problem(&server.get("/v1/items?limit=x"), 422, Some("limit"));
    check_problem(&server.get("/console/assets/..%2f..%2fCargo.toml"), 404, None);
    check_problem(&server.get("/nowhere"), 404, None);
    check_problem(&server.send("DELETE", "/v1/recommend", &[], ""), 405, None);
    assert_eq!(server.get("/health/ready").status, 200);
}

#[test]
fn a_session_remembers_and_ends_when_the_user_leaves() {
    let server = Running::start(|_| {});
    let started = server.post("/v1/sessions", &json!({"user": "ann", "history": ["id1"]}));
    assert_eq!(started.status, 201);
    let id = started.json()["id"].as_str().unwrap().to_owned();
    let feedback = format!("/v1/sessions/{id}/feedback");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let slate = server.post("/v1/recommend", &json!({"session": id, "k": 1, "exploration": true})).json();
        let item = slate["items"][0]["id"].as_str().unwrap().to_owned();
        assert!(!seen.contains(&item), "{item} again");
        assert_eq!(server.post(&feedback, &json!({"item": item, "feedback": "like"})).status, 200);
        seen.push(item);
    }
    let shown = server.get(&format!("/v1/sessions/{id}")).json();
    assert_eq!(shown["steps"].as_array().unwrap().len(), 3);
    assert!(shown["steps"][0]["propensity"].as_f64().unwrap() <= 1.0);
    check_problem(&server.post(&feedback, &json!({"item": "id5"})), 422, Some("feedback"));
    let batch = json!([
        {"session": id, "item": "id5", "rating": 4},
        {"session": id, "item": "id6", "feedback": "leave"},
    ]);
    assert_eq!(server.post("/v1/feedback", &batch).json()["kept"], 2);
    check_problem(&server.post("/v1/recommend", &json!({"session": id})), 409, None);
    check_problem(&server.post(&feedback, &json!({"item": "id7", "feedback": "like"})), 409, None);
    let missing =
        json!([{"session": id, "item": "id5", "rating": 4}, {"session": "none", "item": "id5", "rating": 4}]);
    check_problem(&server.post("/v1/feedback", &missing), 404, Some("[1].session"));
    let left = json!([{"session": id, "item": "id7", "rating": 4}]);
    check_problem(&server.post("/v1/feedback", &left), 409, Some("[0].session"));
    check_problem(&server.post("/v1/feedback", &json!([["x", "id7", "like"]])), 422, Some("[0]"));
}

#[test]
fn an_event_with_a_name_counts_once_however_often_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store.sqlite");
    let server = Running::at(&place, |_| {});
    let id = server.post("/v1/sessions", &json!({})).json()["id"].as_str().unwrap().to_owned();
    let feedback = format!("/v1/sessions/{id}/feedback");
    let told = json!({"item": "id5", "feedback": "like", "event_id": "a"});
    let counts = |answer: Value| (answer["kept"].as_u64().unwrap(), answer["repeated"].as_u64().unwrap());
    assert_eq!(counts(server.post(&feedback, &told).json()), (1, 0));
    assert_eq!(counts(server.post(&feedback, &told).json()), (0, 1));
    let batch = json!([
        {"session": id, "item": "id5", "feedback": "like", "event_id": "a"},
        {"session": id, "item": "id6", "feedback": "like", "event_id": "b"},
        {"session": id, "item": "id6", "feedback": "like", "event_id": "b"},
        {"session": id, "item": "id7", "feedback": "leave", "event_id": "c"},
        {"session": id, "item": "id7", "feedback": "leave", "event_id": "c"},
    ]);
    assert_eq!(counts(server.post("/v1/feedback", &batch).json()), (2, 3));
    server.stop();
    let server = Running::at(&place, |_| {});
    assert_eq!(counts(server.post("/v1/feedback", &batch).json()), (0, 5), "after a restart, too");
    let steps = server.get(&format!("/v1/sessions/{id}")).json()["steps"].as_array().unwrap().len();
    assert_eq!(steps, 3);
    let unnamed = json!({"item": "id8", "feedback": "like", "event_id": ""});
    check_problem(&server.post(&feedback, &unnamed), 422, Some("event_id"));
}

#[test]
fn sessions_outlive_the_server_and_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store.sqlite");
    let server = Running::at(&place, |limits| limits.n_sessions = 1);
    let start = |history: Value| {
        let answer = server.post("/v1/sessions", &json!({"history": history})).json();
        answer["id"].as_str().unwrap().to_owned()
    };
    let (one, other) = (start(json!(["id1"])), start(json!(["id2"])));
    for id in [&one, &other, &one] {
        let slate = server.post("/v1/recommend", &json!({"session": id, "k": 1})).json();
        let told = json!({"item": slate["items"][0]["id"], "feedback": "like"});
        assert_eq!(server.post(&format!("/v1/sessions/{id}/feedback"), &told).status, 200);
    }
    let wanted = json!({"session": one, "k": 4, "exploration": true, "seed": 3});
    let (before, slate) =
        (server.get(&format!("/v1/sessions/{one}")).json(), server.post("/v1/recommend", &wanted).json());
    server.stop();
    let server = Running::at(&place, |_| {});
    assert_eq!(server.get(&format!("/v1/sessions/{one}")).json(), before);
    assert_eq!(server.post("/v1/recommend", &wanted).json()["items"], slate["items"]);
    server.stop();
    let records = SqliteStore::open(&place).unwrap().since(0, 1000, soon()).unwrap();
    let answered = |event: &Event| matches!(event, Event::Answered { propensity: Some(_), .. });
    assert_eq!(records.iter().filter(|(_, record)| answered(&record.event)).count(), 3);
}

#[test]
fn a_swap_drops_nothing_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(|_| {});
    let first = server.get("/admin/policies").json()["current"]["hash"].clone();
    check_problem(&server.post("/admin/policies", &json!({"path": folder.path()})), 422, Some("path"));
    check_problem(&server.post("/admin/policies/rollback", &json!({})), 409, None);
    let session = server.post("/v1/sessions", &json!({"history": ["id1"]})).json()["id"].clone();
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            (0..60).all(|_| server.post("/v1/recommend", &json!({"session": session, "k": 2})).status == 200)
        });
        for turn in 0..10 {
            let path = if turn % 2 == 0 { at_other() } else { at_golden() };
            assert_eq!(server.post("/admin/policies", &json!({"path": path})).status, 200);
        }
        // Sent again, it changes nothing: the way back stays.
        assert_eq!(server.post("/admin/policies", &json!({"path": at_golden()})).status, 200);
        assert!(load.join().unwrap(), "every request was answered");
    });
    let back = server.post("/admin/policies/rollback", &json!({})).json();
    assert_eq!(back["previous"]["hash"], first);
    assert_ne!(back["current"]["hash"], first);
    assert_eq!(server.get("/metrics").body.matches("ilrec_policy_swaps_total 11").count(), 1);
}

#[test]
fn keys_open_what_they_are_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    std::fs::write(&file, "# two\napi abcdefghijklmnop\nadmin qrstuvwxyzabcdef\n").unwrap();
    let keys = Keys::read(&file).unwrap();
    let server = Running::with(&folder.path().join("store.sqlite"), keys, |_| {});
    let get = |path: &str, name: &str, value: &str| server.send("GET", path, &[(name, value)], "").status;
    assert_eq!(server.get("/v1/items").status, 401);
    assert_eq!(server.get("/health/live").status, 200);
    assert_eq!(get("/v1/items", "x-api-key", "abcdefghijklmnop"), 200);
    assert_eq!(get("/v1/items", "authorization", "Bearer abcdefghijklmnoq"), 401);
    assert_eq!(get("/v1/items", "authorization", "Basic eDphYmNkZWZnaGlqa2xtbm9w"), 200);
    assert_eq!(get("/admin/policies", "authorization", "Bearer abcdefghijklmnop"), 403);
    assert_eq!(get("/admin/policies", "authorization", "Bearer qrstuvwxyzabcdef"), 200);
    let from =
        |origin: &str| server.send("POST", "/admin/policies/rollback", &[("origin", origin)], "").status;
    assert_eq!((from("https://elsewhere"), from("null"), from("http://localhost")), (403, 403, 401));
    std::fs::write(&file, "api short\n").unwrap();
    assert!(matches!(Keys::read(&file), Err(ServerError::KeyLine { line: 1, .. })));
    std::fs::write(&file, "# api 0123456789abcdef0123\n\n").unwrap();
    assert!(
        matches!(Keys::read(&file), Err(ServerError::NoKey { .. })),
        "whoever names a file wants a key asked for"
    );
}

#[test]
fn too_much_is_refused_at_once_and_slow_clients_are_let_go() {
    let server = Running::start(|limits| {
        limits.deadline = Duration::ZERO;
        limits.header_deadline = Duration::from_millis(50);
    });
    let refused = server.post("/v1/recommend", &json!({}));
    check_problem(&refused, 503, None);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(
        server.unfinished("GET /v1/items HTTP/1.1\r\nhost: localhost\r\n"),
        "",
        "closed without an answer"
    );
}

#[test]
fn pages_are_there_and_every_request_has_an_id() {
    let server = Running::start(|_| {});
    for path in [
        "/",
        "/console/demonstrations",
        "/console/demonstrations/0",
        "/console/runs?run=a&run=b",
        "/console/coverage",
        "/console/traffic",
        "/docs",
    ] {
        let page = server.get(path);
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert!(page.body.contains("</html>") && page.header("content-security-policy").is_some());
    }
    assert_eq!(server.get("/console/assets/console.css").status, 200);
    let document = server.get("/openapi.json").json();
    assert!(document["paths"]["/v1/recommend"].is_object());
    let named = server.send("GET", "/health/live", &[("x-request-id", "mine-1")], "");
    assert_eq!(named.header("x-request-id"), Some("mine-1"));
    assert_eq!(server.get("/health/live").header("x-request-id").map(str::len), Some(32));
    assert!(server.get("/metrics").body.contains("ilrec_request_seconds_bucket"));
}

/// Bodies that are almost right: bytes changed, cut out, doubled.
#[test]
fn an_object_is_no_array_of_its_members() {
    let server = Running::start(|_| {});
    for (path, body) in [
        ("/v1/recommend", json!([null, "ann", [], 3, [], [], false, 1])),
        ("/v1/sessions", json!(["ann", []])),
        ("/admin/availability", json!([["id5"], []])),
        ("/admin/availability", json!([])),
    ] {
        check_problem(&server.post(path, &body), 422, Some("."));
    }
    assert_eq!(server.get("/admin/availability").json()["unavailable"], json!([]));
}

#[test]
fn no_body_makes_it_fail() {
    let server = Running::start(|_| {});
    let bodies = [
        ("/v1/recommend", r#"{"history": ["id3", {"item": "id4", "rating": 3.5}], "k": 5, "seed": 7}"#),
        ("/v1/sessions", r#"{"user": "ann", "history": [{"item": "id1", "feedback": "like"}]}"#),
        ("/v1/feedback", r#"[{"session": "x", "item": "id5", "rating": 4}]"#),
        (
            "/v1/recommend",
            r#"{"user": "ann", "history": ["id3"], "exclude": ["id1"], "categories": ["Category 1"]}"#,
        ),
        ("/admin/policies", r#"{"path": "nowhere"}"#),
        ("/admin/experiment", r#"{"path": "nowhere", "mode": "shadow", "share": 0.25, "salt": "x"}"#),
        ("/admin/availability", r#"{"withdraw": ["id5", "id7"], "restore": ["id5"]}"#),
    ];
    let mut state = 1u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    for round in 0..700 {
        let (path, body) = bodies[round % bodies.len()];
        let mut bytes = body.as_bytes().to_vec();
        for _ in 0..=draw(3) {
            let (at, length) = (draw(bytes.len()), draw(12));
            let end = (at + length).min(bytes.len());
            match draw(3) {
                0 => bytes[at] = b"\"{}[],:-0e9\\n"[draw(13)],
                1 => drop(bytes.drain(at..end)),
                _ => bytes.extend_from_within(at..end),
            }
            if bytes.is_empty() {
                bytes.push(b'{');
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = server.send("POST", path, &[("content-type", "application/json")], &text);
        assert!((200..500).contains(&answer.status), "{path} {text}: {} {}", answer.status, answer.body);
    }
    let deep = "[".repeat(100_000);
    let answer = server.send("POST", "/v1/feedback", &[("content-type", "application/json")], &deep);
    assert_eq!(answer.status / 100, 4, "{}", answer.body);
}

#[test]
fn one_server_has_a_store_and_what_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let store = SqliteStore::open(&path).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(store::StoreError::Taken { .. })));
    #[cfg(unix)]
    {
        let link = folder.path().join("link.sqlite");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(SqliteStore::open(&link), Err(store::StoreError::Taken { .. })));
        std::fs::remove_file(link).unwrap();
    }
    store::for_each(&StoreAt::File(path.clone()), |_| {}).unwrap();
    drop(store);
    assert_eq!(std::fs::metadata(folder.path().join("store.sqlite-wal")).map_or(0, |file| file.len()), 0);
    drop(SqliteStore::open(&path).unwrap());
    let before: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    store::for_each(&StoreAt::File(path.clone()), |_| {}).unwrap();
    let after: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(before, after, "reading leaves nothing behind");

    let other = folder.path().join("other.sqlite");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = std::fs::read(&other).unwrap();
    assert!(matches!(SqliteStore::open(&other), Err(store::StoreError::Version { .. })));
    let read = store::for_each(&StoreAt::File(other.clone()), |_| {});
    assert!(matches!(read, Err(store::StoreError::Version { .. })));
    assert_eq!(std::fs::read(&other).unwrap(), before);
    assert!(!folder.path().join("other.sqlite.lock").exists());
}
