//! Requests that are almost right: none is answered with a fault of the server's, and none ends it.

use super::damage::{rng, strange};
use super::target::{PATIENCE, Target, exchange, keys};
use super::{Attacked, clear};
use crate::Outcome;
use rand::{Rng, RngExt as _};
use serde_json::{Value, json};
use std::fmt::Write as _;

const METHODS: [&str; 7] = ["GET", "POST", "POST", "POST", "PUT", "HEAD", "OPTIONS"];
const PATHS: [&str; 18] = [
    "/v1/recommend",
    "/v1/recommend",
    "/v1/sessions",
    "/v1/sessions/SESSION",
    "/v1/sessions/SESSION?after=2&limit=18446744073709551615",
    "/v1/sessions/SESSION/feedback",
    "/v1/feedback",
    "/v1/items?limit=20&q=%ff",
    "/v1/items/3",
    "/v1/items/3/similar?k=-1",
    "/admin/policies",
    "/admin/policies/rollback",
    "/admin/availability",
    "/admin/experiment",
    "/console/demonstrations/0",
    "/console/traffic.json",
    "/health/ready",
    "/metrics",
];

/// Connections at once. Where less was sent than was promised, the server waits for the rest, which takes seconds.
const N_CONNECTIONS: usize = 32;

/// On several connections at once; every answer that is no 5xx is a good one, 503 too where there is too much.
pub(super) fn attack(attacked: &Attacked<'_>) -> Outcome<usize> {
    let n = attacked.n(10_000, 1_000);
    let keys = keys(&attacked.place)?.display().to_string();
    let store = attacked.place.join("varied.sqlite");
    let target = Target::start(attacked, "varied", &store, &["--keys", &keys])?;
    let session =
        target.ask("POST", "/v1/sessions", &json!({}))?.json()["id"].as_str().unwrap_or("x").to_owned();
    attacked.each_on(N_CONNECTIONS, n, |at| {
        let request = request(&session, &mut rng(attacked.seed, "request", at));
        match exchange(target.addr, &request) {
            Ok(answer) if answer.status < 500 || answer.status == 503 => {}
            Ok(answer) => {
                let said = String::from_utf8_lossy(&answer.body).into_owned();
                let start = String::from_utf8_lossy(&request[..request.len().min(300)]).into_owned();
                target.fault(&format!("request {at}: {} {said} to {start:?}", answer.status));
            }
            // Closed without a word: what was sent was no HTTP.
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => {}
            Err(error) => target.fault(&format!("request {at}: no answer and not closed: {error}")),
        }
        Ok(())
    })?;
    if target.ask("POST", "/v1/recommend", &json!({}))?.status != 200 {
        target.fault("after all requests it recommends nothing");
    }
    target.terminate(PATIENCE)?;
    clear(&store);
    Ok(n)
}

fn request(session: &str, rng: &mut impl Rng) -> Vec<u8> {
    let (method, path) =
        (METHODS[rng.random_range(0..METHODS.len())], PATHS[rng.random_range(0..PATHS.len())]);
    let path = path.replace("SESSION", session);
    let body = body(session, rng).to_string();
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    if rng.random_range(0..8) != 0 {
        let _ = write!(text, "x-api-key: {}\r\n", super::target::KEY);
    }
    let kind = ["application/json", "application/json", "application/json", "text/plain", "\u{ff}"];
    let _ = write!(text, "Content-Type: {}\r\n", kind[rng.random_range(0..kind.len())]);
    let mut n_missing = 0;
    match rng.random_range(0..12) {
        0 => {
            let _ = write!(text, "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        }
        1 => {
            let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len() + 10);
            // Less comes than was promised.
            n_missing = 20;
        }
        2 => {
            let _ = write!(text, "X-Long: {}\r\nContent-Length: 0\r\n\r\n", "a".repeat(70_000));
        }
        _ => {
            let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len());
        }
    }
    let mut bytes = text.into_bytes();
    bytes.truncate(bytes.len() - n_missing);
    if rng.random_range(0..4) == 0 {
        let at = rng.random_range(0..bytes.len());
        bytes[at] ^= 1 << rng.random_range(0..8);
    }
    bytes
}

fn body(session: &str, rng: &mut impl Rng) -> Value {
    let usual = [
        json!({ "history": ["1", { "item": "2", "rating": 3.5 }], "k": 5, "seed": 7, "exploration": true }),
        json!({ "session": session, "k": 3 }),
        json!({ "user": "ann", "exclude": ["3"], "categories": ["Genre 1"], "attributes": {} }),
        json!({ "item": "4", "feedback": "like", "event_id": "a" }),
        json!([{ "session": session, "item": "5", "rating": 2 }]),
        json!({ "withdraw": ["5"], "restore": ["5"] }),
        json!({ "path": "nowhere", "mode": "shadow", "share": 0.5 }),
    ];
    let mut body = usual[rng.random_range(0..usual.len())].clone();
    for _ in 0..rng.random_range(0..3) {
        let value = strange(rng);
        match &mut body {
            Value::Object(fields) if !fields.is_empty() => {
                let at = rng.random_range(0..fields.len());
                if let Some(place) = fields.values_mut().nth(at) {
                    *place = value;
                }
            }
            Value::Array(items) => items.push(value),
            other => *other = value,
        }
    }
    body
}
