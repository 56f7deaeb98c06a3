//! Sessions have an end: in answers, in events, in pages and in time.

use super::client::Running;
use super::{check_problem, soon};
use crate::store::{Event, Record, SqliteStore, Store as _};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

fn started(server: &Running, body: &Value) -> String {
    server.post("/v1/sessions", body).json()["id"].as_str().unwrap().to_owned()
}

/// Puts records into a store that nobody serves.
fn keep(place: &Path, records: Vec<Record>) {
    let store = SqliteStore::open(place).unwrap();
    let (tell, told) = channel();
    store.append(records, soon(), Box::new(move |outcome| tell.send(outcome).unwrap())).unwrap();
    told.recv().unwrap().unwrap();
}

fn record(session: &str, time_millis: u64, event: Event) -> Record {
    Record { session: session.to_owned(), time_millis, event }
}

fn answered(item: &str) -> Event {
    let item = item.to_owned();
    Event::Answered {
        item,
        reward: 4.0,
        left: false,
        propensity: None,
        policy: None,
        event_id: None,
        arm: None,
    }
}

fn start_of(user: &str) -> Event {
    Event::Started { user: Some(user.to_owned()), history: Vec::new() }
}

#[test]
fn a_session_that_is_full_says_so_and_takes_no_more() {
    let server = Running::start(|limits| (limits.session_answers, limits.session_events) = (3, 6));
    let id = started(&server, &json!({}));
    let feedback = format!("/v1/sessions/{id}/feedback");
    let told = json!({"item": "id5", "rating": 4});
    let four: Vec<Value> =
        (0..4).map(|n| json!({"session": id, "item": format!("id{n}"), "rating": 3})).collect();
    check_problem(&server.post("/v1/feedback", &json!(four)), 409, Some("[3].session"));
    for _ in 0..3 {
        assert_eq!(server.post(&feedback, &told).status, 200);
    }
    let full = server.post(&feedback, &told);
    check_problem(&full, 409, None);
    assert!(full.body.contains("at most 3 answers"), "{}", full.body);
    // Slates are events, too: a start, three answers, two slates.
    let slate = json!({"session": id, "k": 1});
    assert_eq!(
        (server.post("/v1/recommend", &slate).status, server.post("/v1/recommend", &slate).status),
        (200, 200)
    );
    check_problem(&server.post("/v1/recommend", &slate), 409, None);
    assert_eq!(server.get(&format!("/v1/sessions/{id}")).json()["steps"].as_array().unwrap().len(), 3);
    let server = Running::start(|limits| limits.session_bytes = 500);
    let id = started(&server, &json!({}));
    let slate = json!({"session": id, "k": 20});
    assert_eq!(server.post("/v1/recommend", &slate).status, 200);
    check_problem(&server.post("/v1/recommend", &slate), 409, None);
}

#[test]
fn sessions_that_take_much_memory_are_built_again_from_the_store() {
    let server = Running::start(|limits| limits.sessions_bytes = 4_000);
    let ids: Vec<String> = (0..8).map(|_| started(&server, &json!({"history": ["id1"]}))).collect();
    for id in ids.iter().cycle().take(24) {
        let told = json!({"session": id, "item": "id5", "rating": 4});
        assert_eq!(server.post("/v1/feedback", &json!([told, told, told])).status, 200);
    }
    let in_memory = server.get("/metrics").body;
    let in_memory = in_memory.lines().find_map(|line| line.strip_prefix("ilrec_sessions_in_memory "));
    assert!(in_memory.unwrap().parse::<usize>().unwrap() < 8, "{in_memory:?}");
    for id in &ids {
        assert_eq!(server.get(&format!("/v1/sessions/{id}")).json()["n_steps"], 9);
    }
}

#[test]
fn a_session_is_read_in_pages() {
    let server = Running::start(|_| {});
    let id = started(&server, &json!({"history": ["id9"]}));
    for n in 0..5 {
        let told = json!({"item": format!("id{n}"), "rating": 4});
        assert_eq!(server.post(&format!("/v1/sessions/{id}/feedback"), &told).status, 200);
    }
    let page = |query: &str| server.get(&format!("/v1/sessions/{id}{query}")).json();
    let items = |page: &Value| {
        let steps = page["steps"].as_array().unwrap().iter();
        steps.map(|step| step["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let whole = page("");
    assert_eq!((items(&whole).len(), whole["n_steps"].as_u64(), whole.get("next")), (5, Some(5), None));
    let (mut after, mut all) = (Some(0), Vec::new());
    while let Some(from) = after {
        let part = page(&format!("?after={from}&limit=2"));
        assert!(items(&part).len() <= 2 && part["history"].as_array().unwrap().len() == 1);
        all.extend(items(&part));
        after = part["next"].as_u64();
    }
    assert_eq!(all, items(&whole));
    assert_eq!(items(&page("?after=99")), Vec::<String>::new());
    check_problem(&server.get(&format!("/v1/sessions/{id}?limit=0")), 422, Some("limit"));
    check_problem(&server.get(&format!("/v1/sessions/{id}?after=x")), 422, Some("after"));
}

#[test]
fn slates_that_nobody_answers_do_not_push_out_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store.sqlite");
    let shown = || Event::Shown { request: "r".into(), policy: "p".into(), items: Vec::new(), arm: None };
    let mut records = vec![record("a", 1, start_of("ann"))];
    records.extend((0..30).map(|n| record("a", 2, answered(&format!("id{n}")))));
    records.extend((0..5_000).map(|_| record("a", 3, shown())));
    keep(&place, records);
    let server = Running::at(&place, |_| {});
    let slate = server.post("/v1/recommend", &json!({"user": "ann", "k": 40})).json();
    assert_eq!((slate["known"].as_u64(), slate["items"].as_array().unwrap().len()), (Some(30), 10));
}

#[test]
fn of_a_user_with_many_sessions_the_latest_count() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store.sqlite");
    let mut records = Vec::new();
    for n in 0..3_000u64 {
        let id = format!("s{n}");
        records.push(record(&id, n, start_of("ann")));
        records.push(record(&id, n, answered(if n == 0 { "id1" } else { "id2" })));
    }
    keep(&place, records);
    let server = Running::at(&place, |_| {});
    let slate = server.post("/v1/recommend", &json!({"user": "ann", "k": 40})).json();
    assert_eq!(slate["known"].as_u64(), Some(1), "the first session is too long ago");
}

#[test]
fn sessions_are_forgotten_after_their_last_event_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("store.sqlite");
    let now = crate::clock::now_millis();
    let old = now - 1_000 * 3_600;
    let change = Event::Availability { withdrawn: vec!["id3".into()], restored: Vec::new() };
    let mut records = vec![record(crate::availability::PLACE, old, change)];
    for n in 0..2_500 {
        records.push(record(&format!("old{n}"), old, start_of("ann")));
    }
    records.extend([record("used", old, start_of("bob")), record("used", now, answered("id1"))]);
    keep(&place, records);
    let server = Running::like(|config| {
        config.store = crate::StoreAt::File(place.clone());
        config.keep = Some(Duration::from_secs(60));
        config.limits.tidy = Duration::from_millis(5);
    });
    let is_gone = |id: &str| server.get(&format!("/v1/sessions/{id}")).status == 404;
    assert!((0..100_000).any(|_| is_gone("old2499")), "forgotten");
    assert!(is_gone("old0"));
    check_problem(
        &server.post("/v1/sessions/old0/feedback", &json!({"item": "id1", "rating": 4})),
        404,
        None,
    );
    assert_eq!(server.get("/v1/sessions/used").json()["steps"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/admin/availability").json()["unavailable"], json!(["id3"]));
    assert!(server.get("/metrics").body.contains("\nilrec_store_bytes "));
    server.stop();
    let left = SqliteStore::open(&place).unwrap().since(0, 10_000, soon()).unwrap();
    assert_eq!(left.len(), 3, "what cannot be had, and the session in use");
}
