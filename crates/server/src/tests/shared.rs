//! Two replicas on one store; skipped, and says so, where there is no `redis-server`.

use super::client::Running;
use crate::store::{RedisStore, Store as _, StoreError};
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
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_ready = lines.map_while(Result::ok).any(|line| line.contains("Ready to accept"));
        assert!(is_ready, "redis-server ended");
        Some(Self { child, addr: format!("127.0.0.1:{port}"), _folder: folder })
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn replicas_share_sessions() {
    let Some(redis) = Redis::start() else {
        assert!(std::env::var_os("ILREC_REQUIRE_REDIS").is_none(), "there is no redis-server");
        eprintln!("skipped: there is no redis-server");
        return;
    };
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
    drop(redis);
    assert_eq!(one.post("/v1/sessions", &json!({})).status, 503);
    assert!(matches!(RedisStore::open("127.0.0.1:1"), Err(StoreError::Redis { .. })));
}
