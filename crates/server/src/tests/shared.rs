//! Two replicas on one store; skipped, and says so, where there is no `redis-server`.

use super::client::Running;
use super::redis::Redis;
use super::soon;
use crate::StoreAt;
use crate::store::{RedisStore, Store as _, StoreError, Terms, for_each};
use serde_json::json;
use std::time::Duration;

#[test]
fn a_server_with_a_password_is_asked_with_it_and_no_message_has_it() {
    let Some(redis) = Redis::start("open sesame") else { return };
    let (_, place) = redis.addr.split_once("://").unwrap();
    let store = RedisStore::open(&format!("redis://:open%20sesame@{place}/1")).unwrap();
    assert_eq!(store.session("none", soon()).unwrap(), []);
    for wrong in
        [format!("redis://:secret@{place}"), format!("redis://{place}"), format!("rediss://:secret@{place}")]
    {
        let error = RedisStore::open(&wrong).unwrap_err();
        assert!(matches!(error, StoreError::Redis { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
    let error = RedisStore::open("mysql://:secret@place").unwrap_err();
    assert!(matches!(&error, StoreError::Url { why } if !why.contains("secret")), "{error:?}");
    assert_eq!(StoreAt::from("redis://me:secret@there:1/2").to_string(), "redis://there:1/2");
}

#[test]
fn replicas_share_sessions() {
    let Some(redis) = Redis::start("") else { return };
    let (one, other) = (Running::beside(&redis.addr), Running::beside(&redis.addr));
    let id = one.post("/v1/sessions", &json!({"history": ["id1"]})).json()["id"].as_str().unwrap().to_owned();
    let mut seen = Vec::new();
    for server in [&one, &other, &other, &one, &other] {
        let slate = server.post("/v1/recommend", &json!({"session": id, "k": 1, "exploration": true})).json();
        let item = slate["items"][0]["id"].clone();
        assert!(!seen.contains(&item), "{item} again");
        let told = json!({"item": item, "feedback": "like"});
        assert_eq!(server.post(&format!("/v1/sessions/{id}/feedback"), &told).status, 200);
        seen.push(item);
    }
    let steps = |server: &Running| server.get(&format!("/v1/sessions/{id}")).json()["steps"].clone();
    assert_eq!(steps(&one), steps(&other));
    assert_eq!(steps(&one).as_array().unwrap().len(), 5);
    assert_eq!(one.post("/v1/sessions", &json!({"user": "ann", "history": ["id4"]})).status, 201);
    let by_name = json!({"user": "ann", "k": 40});
    assert_eq!(other.post("/v1/recommend", &by_name).json()["known"], 1);
    assert_eq!(one.post("/admin/availability", &json!({"withdraw": ["id9"]})).status, 200);
    let n_left = || other.post("/v1/recommend", &by_name).json()["items"].as_array().unwrap().len();
    assert!((0..100_000).any(|_| n_left() == 38), "the other replica follows");
    let store = RedisStore::open(&redis.addr).unwrap();
    let (all, rest) = (store.since(0, 100, soon()).unwrap(), store.since(8, 2, soon()).unwrap());
    assert_eq!((all.len(), store.length(&id, soon()).unwrap()), (13, 11));
    assert_eq!(rest, all[8..10]);
    let mut records = Vec::new();
    for_each(&StoreAt::Redis(redis.addr.clone()), |record| records.push(record.clone())).unwrap();
    assert_eq!(records, all.into_iter().map(|(_, record)| record).collect::<Vec<_>>());
    drop(redis);
    assert_eq!(one.post("/v1/sessions", &json!({})).status, 503);
    assert!(matches!(RedisStore::open("redis://127.0.0.1:1"), Err(StoreError::Redis { .. })));
}

/// Asks until the answer is as wanted, as long as a slow machine may need.
fn until(wanted: impl Fn() -> bool) -> bool {
    (0..1_000_000).any(|_| wanted())
}

/// A replica that tries its store often and stops soon.
fn watchful(redis: &Redis) -> Running {
    Running::like(|config| {
        config.store = StoreAt::Redis(redis.addr.clone());
        config.limits.probe = Duration::from_millis(20);
        config.limits.drain = Duration::from_millis(500);
    })
}

fn is_ready(server: &Running) -> bool {
    server.get("/health/ready").status == 200
}

#[test]
fn a_store_that_hangs_is_seen_and_does_not_hold_up_the_end() {
    let Some(redis) = Redis::with(&[]) else { return };
    let server = watchful(&redis);
    let id = server.post("/v1/sessions", &json!({})).json()["id"].as_str().unwrap().to_owned();
    let told = json!({"item": "id5", "feedback": "like"});
    redis.signal("-STOP");
    let feedback = || server.post(&format!("/v1/sessions/{id}/feedback"), &told).status;
    assert_eq!(feedback(), 503);
    assert!(until(|| !is_ready(&server)), "not ready");
    assert_eq!(server.post("/v1/recommend", &json!({})).status, 200, "what needs no store goes on");
    redis.signal("-CONT");
    assert!(until(|| is_ready(&server)), "ready again");
    assert_eq!(feedback(), 200);
    redis.signal("-STOP");
    std::thread::scope(|scope| {
        // Requests that wait for the store do not keep the server from its end either.
        for _ in 0..4 {
            scope.spawn(|| server.send("GET", &format!("/v1/sessions/{id}"), &[], ""));
        }
    });
    server.stop();
    redis.signal("-CONT");
}

#[test]
fn a_server_that_is_full_or_only_reads_is_not_ready() {
    let Some(redis) = Redis::with(&[]) else { return };
    let server = watchful(&redis);
    assert!(until(|| is_ready(&server)));
    let _: String = redis.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    assert!(until(|| !is_ready(&server)), "only reads");
    assert_eq!(server.post("/v1/sessions", &json!({})).status, 503);
    let _: String = redis.ask(&["REPLICAOF", "NO", "ONE"]);
    assert!(until(|| is_ready(&server)), "writes again");
    let _: String = redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    assert!(until(|| !is_ready(&server)), "full");
    assert_eq!(server.post("/v1/sessions", &json!({})).status, 503);
    let _: String = redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    assert!(until(|| is_ready(&server)), "has room again");
    let _: String = redis.ask(&["CONFIG", "SET", "maxmemory-policy", "allkeys-random"]);
    assert!(until(|| !is_ready(&server)), "may evict now");
    let _: String = redis.ask(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    assert!(until(|| is_ready(&server)), "keeps again");
    assert_eq!(server.post("/v1/sessions", &json!({})).status, 201);
}

#[test]
fn a_server_that_evicts_is_refused_unless_that_is_accepted() {
    let Some(redis) = Redis::with(&["--maxmemory-policy", "allkeys-lru"]) else { return };
    let refused = || RedisStore::open(&redis.addr).map(drop);
    assert!(matches!(refused(), Err(StoreError::Evicts { .. })));
    let terms = Terms { accepts_eviction: true, ..Terms::default() };
    RedisStore::open_on(&redis.addr, terms).unwrap();
    for_each(&StoreAt::Redis(redis.addr.clone()), |_| {}).unwrap();
    // Without an end none of our keys expires, and only such are evicted.
    let _: String = redis.ask(&["CONFIG", "SET", "maxmemory-policy", "volatile-lru"]);
    refused().unwrap();
    let keep = Some(Duration::from_secs(60));
    let refused = RedisStore::open_on(&redis.addr, Terms { keep, ..Terms::default() });
    assert!(matches!(refused, Err(StoreError::Evicts { .. })));
}

#[test]
fn what_was_withdrawn_stays_so_where_the_store_loses_it() {
    let Some(redis) = Redis::with(&[]) else { return };
    let server = Running::beside(&redis.addr);
    assert_eq!(server.post("/admin/availability", &json!({"withdraw": ["id9"]})).status, 200);
    let _: String = redis.ask(&["FLUSHALL"]);
    for _ in 0..50 {
        let slate = server.post("/v1/recommend", &json!({"k": 40})).json();
        assert_eq!(slate["items"].as_array().unwrap().len(), 39);
    }
}

#[test]
fn sessions_expire_and_the_common_log_is_shortened() {
    let Some(redis) = Redis::with(&[]) else { return };
    let server = Running::like(|config| {
        config.store = StoreAt::Redis(redis.addr.clone());
        config.keep = Some(Duration::from_secs(1));
        config.limits.tidy = Duration::from_millis(20);
        config.limits.look = Duration::from_millis(5);
    });
    assert_eq!(server.post("/admin/availability", &json!({"withdraw": ["id9"]})).status, 200);
    let id = server.post("/v1/sessions", &json!({"user": "ann"})).json()["id"].as_str().unwrap().to_owned();
    assert!(until(|| server.get(&format!("/v1/sessions/{id}")).status == 404), "expired");
    assert!(until(|| redis.ask::<usize>(&["LLEN", "ilrec:log"]) == 0), "shortened");
    assert_eq!(redis.ask::<usize>(&["GET", "ilrec:log:trimmed"]), 2);
    assert_eq!(server.get("/admin/availability").json()["unavailable"], json!(["id9"]));
    assert_eq!(redis.ask::<i64>(&["PTTL", "ilrec:session:availability"]), -1, "kept for ever");
}

#[test]
fn slates_do_not_push_out_what_is_known_on_a_shared_store_either() {
    let Some(redis) = Redis::with(&[]) else { return };
    let server = Running::beside(&redis.addr);
    let id = server.post("/v1/sessions", &json!({"user": "ann", "history": ["id0"]})).json()["id"].clone();
    let batch: Vec<_> =
        (1..20).map(|n| json!({"session": id, "item": format!("id{n}"), "rating": 4})).collect();
    assert_eq!(server.post("/v1/feedback", &json!(batch)).json()["kept"], 19);
    let shown = r#"{"session":"ID","time_millis":1,"event":"shown","request":"r","policy":"p","items":[]}"#;
    let shown = shown.replace("ID", id.as_str().unwrap());
    let key = format!("ilrec:session:{}", id.as_str().unwrap());
    let mut push = vec!["RPUSH", &key];
    push.extend(std::iter::repeat_n(shown.as_str(), 5_000));
    let _: usize = redis.ask(&push);
    let known = || server.post("/v1/recommend", &json!({"user": "ann", "k": 40})).json()["known"].clone();
    assert_eq!(known(), 20);
    // As a server wrote it that kept no list of answers.
    let _: usize = redis.ask(&["DEL", &format!("ilrec:told:{}", id.as_str().unwrap())]);
    assert_eq!(known(), 1);
}
