//! Pages of other sites, and the log of who called.

use super::client::Running;
use crate::{AccessLog, ServerError};
use axum::http::HeaderValue;
use serde_json::Value;
use std::path::Path;

const SHOP: (&str, &str) = ("origin", "https://shop.example");

#[test]
fn pages_of_named_sites_may_call_and_no_others() {
    let server = Running::like(|config| config.origins = vec![HeaderValue::from_static(SHOP.1)]);
    let asked =
        [SHOP, ("access-control-request-method", "POST"), ("access-control-request-headers", "content-type")];
    let before = server.send("OPTIONS", "/v1/recommend", &asked, "");
    assert_eq!((before.status, before.header("access-control-allow-origin")), (200, Some(SHOP.1)));
    assert!(before.header("access-control-allow-headers").unwrap().contains("content-type"));
    let json = ("content-type", "application/json");
    let slate = server.send("POST", "/v1/recommend", &[SHOP, json], "{}");
    assert_eq!((slate.status, slate.header("access-control-allow-origin")), (200, Some(SHOP.1)));
    assert_eq!(server.send("GET", "/admin/policies", &[SHOP], "").status, 403);
    let admin = server.send("OPTIONS", "/admin/policies", &asked, "");
    assert_eq!((admin.status, admin.header("access-control-allow-origin")), (403, None));
    assert_eq!(server.send("OPTIONS", "/nowhere", &[], "").status, 404);
    assert_eq!(server.send("OPTIONS", "/v1/items", &[], "").status, 200);
    let other = server.send("POST", "/v1/recommend", &[("origin", "https://other.example"), json], "{}");
    assert_eq!((other.status, other.header("access-control-allow-origin")), (403, None));

    let usual = Running::start(|_| {});
    let answer = usual.send("POST", "/v1/recommend", &[SHOP, json], "{}");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, None));
    assert_eq!(
        usual.send("OPTIONS", "/v1/recommend", &asked, "").header("access-control-allow-origin"),
        None
    );
}

#[test]
fn every_request_is_a_line_of_the_access_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.jsonl");
    {
        let log = AccessLog::open(&path).unwrap();
        let server = Running::like(move |config| config.access_log = Some(log));
        assert_eq!(server.send("GET", "/v1/items?limit=1", &[("x-request-id", "mine")], "").status, 200);
        assert_eq!(server.get("/v1/items/nothing").status, 404);
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!(lines[0]["request"], "mine");
    assert_eq!(lines[0]["path"], "/v1/items");
    assert_eq!((&lines[1]["method"], &lines[1]["status"]), (&"GET".into(), &404.into()));
    assert!(lines.iter().all(|line| line["micros"].is_u64() && line["time_millis"].is_u64()));
    let error = AccessLog::open(Path::new("/nowhere/access.jsonl")).unwrap_err();
    assert!(matches!(error, ServerError::AccessLog { .. }));
}
