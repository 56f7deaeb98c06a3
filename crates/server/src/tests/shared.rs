//! Two replicas on one store; skipped, and says so, where there is no `redis-server`.

use super::client::Running;
use crate::StoreAt;
use crate::store::{RedisStore, Store as _, StoreError, for_each};
use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// A Redis server of our own, in memory, gone with the value.
struct Redis {
    child: Child,
    addr: String,
    _folder: tempfile::TempDir,
}

impl Redis {
    /// `None`, said on standard error, where there is no `redis-server` and the environment does not ask for one.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn start(password: &str) -> Option<Self> {
        let started = Self::try_start(password);
        if started.is_none() {
            assert!(std::env::var_os("ILREC_REQUIRE_REDIS").is_none(), "there is no redis-server");
            eprintln!("skipped: there is no redis-server");
        }
        started
    }

    fn try_start(password: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut child = Command::new("redis-server")
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--requirepass",
                password,
                "--dir",
            ])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_ready = lines.map_while(Result::ok).any(|line| line.contains("Ready to accept"));
        assert!(is_ready, "redis-server ended");
        Some(Self { child, addr: format!("redis://127.0.0.1:{port}"), _folder: folder })
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_server_with_a_password_is_asked_with_it_and_no_message_has_it() {
    let Some(redis) = Redis::start("open sesame") else { return };
    let (_, place) = redis.addr.split_once("://").unwrap();
    let store = RedisStore::open(&format!("redis://:open%20sesame@{place}/1")).unwrap();
    assert_eq!(store.session("none").unwrap(), []);
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
    let (all, rest) = (store.since(0, 100).unwrap(), store.since(8, 2).unwrap());
    assert_eq!((all.len(), store.length(&id).unwrap()), (13, 11));
    assert_eq!(rest, all[8..10]);
    let mut records = Vec::new();
    for_each(&StoreAt::Redis(redis.addr.clone()), |record| records.push(record.clone())).unwrap();
    assert_eq!(records, all.into_iter().map(|(_, record)| record).collect::<Vec<_>>());
    drop(redis);
    assert_eq!(one.post("/v1/sessions", &json!({})).status, 503);
    assert!(matches!(RedisStore::open("redis://127.0.0.1:1"), Err(StoreError::Redis { .. })));
}
