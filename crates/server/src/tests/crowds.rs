//! Clients that do not read, do not finish, or are many: each other client is still answered.

use super::check_problem;
use super::client::{Answer, Running};
use crate::{Keys, Limits};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// Sends requests ahead and reads none of the answers.
fn deaf(server: &Running, request: &str, n: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    // Who is let go meanwhile has been answered enough.
    let _ = stream.write_all(request.repeat(n).as_bytes());
    stream
}

/// Asks until the answer is as wanted, as long as a slow machine may need.
fn until(wanted: impl Fn() -> bool) -> bool {
    (0..100_000).any(|_| wanted())
}

const LONG: &str = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// More than the system keeps for a client that does not read.
const MANY: usize = 600;

#[test]
fn who_does_not_read_is_let_go_and_keeps_nobody_out() {
    let server = Running::start(|limits: &mut Limits| {
        limits.n_connections = 6;
        limits.write_deadline = Duration::from_millis(300);
    });
    let deaf: Vec<TcpStream> = (0..24).map(|_| deaf(&server, LONG, MANY)).collect();
    for _ in 0..20 {
        assert_eq!(server.get("/health/live").status, 200, "health has a place of its own");
    }
    assert!(until(|| server.get("/v1/items").status == 200), "the seats are free again");
    let metrics = server.get("/metrics").body;
    let count = |line: &str| {
        let number = metrics.lines().find_map(|own| own.strip_prefix(line)).unwrap_or("0");
        number.trim().parse::<usize>().unwrap()
    };
    let n_answered = count("ilrec_requests_total{route=\"/openapi.json\",status=\"200\"}");
    assert!(n_answered < 3 * MANY, "{n_answered} answers for nobody of {}", 24 * MANY);
    drop(deaf);
}

#[test]
fn who_has_no_seat_hears_why_and_hears_about_health() {
    let server = Running::start(|limits| {
        limits.n_connections = 1;
        limits.header_deadline = Duration::from_secs(600);
    });
    let silent = TcpStream::connect(server.addr()).unwrap();
    let refused = server.get("/v1/items");
    check_problem(&refused, 503, None);
    assert_eq!((refused.header("retry-after"), refused.header("connection")), (Some("1"), Some("close")));
    assert_eq!(server.get("/health/ready").status, 200);
    let hall: Vec<TcpStream> = (0..300).map(|_| TcpStream::connect(server.addr()).unwrap()).collect();
    assert_eq!(server.get("/health/live").status, 200, "who has waited longest goes");
    assert_eq!(server.get("/admin/policies").status, 200, "administration has seats of its own");
    drop((silent, hall));
    assert!(until(|| server.get("/v1/items").status == 200));
}

#[test]
fn one_client_has_half_of_the_seats_and_a_trusted_proxy_all() {
    for (proxies, n_seats) in [(vec![], 4), (vec!["127.0.0.0/8".parse().unwrap()], 8)] {
        let server = Running::like(move |config| {
            config.limits.n_connections = 8;
            config.proxies = proxies;
        });
        let mut open = Vec::new();
        let answered = |stream: &mut TcpStream| {
            stream.write_all(b"GET /v1/items?limit=0 HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
            let mut heard = [0; 64];
            let n = stream.read(&mut heard).unwrap();
            Answer::of(&String::from_utf8_lossy(&heard[..n])).status
        };
        let statuses: Vec<u16> = (0..10)
            .map(|_| {
                let mut stream = TcpStream::connect(server.addr()).unwrap();
                let status = answered(&mut stream);
                open.push(stream);
                status
            })
            .collect();
        let expected: Vec<u16> = (0..10).map(|n| if n < n_seats { 200 } else { 503 }).collect();
        assert_eq!(statuses, expected);
    }
}

#[test]
fn who_has_no_key_keeps_no_connection() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    std::fs::write(&file, "api abcdefghijklmnop\n").unwrap();
    let keys = Keys::read(&file).unwrap();
    let server = Running::with(&folder.path().join("store.sqlite"), keys, |_| {});
    let request = "GET /v1/items HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for n in [1, 50] {
        let raw = server.trickle(&[request.repeat(n).as_bytes()], None);
        assert_eq!(raw.matches("HTTP/1.1 401").count(), 1, "{raw}");
        assert_eq!(raw.matches("HTTP/1.1 ").count(), 1, "{raw}");
    }
    // A long body is not read, and the refusal reaches its client all the same.
    let body = "x".repeat(300_000);
    let post =
        format!("POST /v1/recommend HTTP/1.1\r\nhost: localhost\r\ncontent-length: 300000\r\n\r\n{body}");
    assert!(server.trickle(&[post.as_bytes()], None).starts_with("HTTP/1.1 401"));
}

#[test]
fn headers_have_an_end_for_one_and_for_all() {
    let server = Running::start(|_| {});
    let long = format!("GET /v1/items HTTP/1.1\r\nhost: localhost\r\nx: {}", "a".repeat(20_000));
    assert!(server.trickle(&[long.as_bytes()], None).starts_with("HTTP/1.1 431"));
    let usual = ("x", "a".repeat(10_000));
    assert_eq!(server.send("GET", "/v1/items", &[(usual.0, &usual.1)], "").status, 200);

    let full = Running::start(|limits| limits.heads_bytes = 0);
    let half = format!("GET /v1/items HTTP/1.1\r\nhost: localhost\r\nx: {}", "a".repeat(5_000));
    assert_eq!(full.trickle(&[half.as_bytes()], None), "", "let go without an answer");
    assert_eq!(full.get("/v1/items").status, 200, "short ones have room of their own");
}

#[test]
fn bodies_and_answers_of_all_have_an_end() {
    let server = Running::start(|limits| limits.bodies_bytes = 4000);
    let body = |n: usize| json!({"history": vec!["id1"; n]});
    assert_eq!(server.post("/v1/recommend", &body(100)).status, 200);
    check_problem(&server.post("/v1/recommend", &body(900)), 503, None);
    assert_eq!(server.post("/v1/recommend", &body(100)).status, 200, "given back");

    let server = Running::start(|limits| limits.answers_bytes = 10_000);
    check_problem(&server.get("/openapi.json"), 503, None);
    assert_eq!(server.get("/health/ready").status, 200);
    for _ in 0..20 {
        assert_eq!(server.get("/v1/items?limit=40").status, 200, "given back");
    }
}

#[test]
fn who_says_no_more_is_answered() {
    let server = Running::start(|_| {});
    let body = json!({"history": ["id1"]}).to_string();
    let post = |path: &str| {
        let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
        format!("{head}content-length: {}\r\n\r\n{body}", body.len())
    };
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    for (request, status) in [
        (get("/health/live"), 200),
        (get("/v1/items"), 200),
        (post("/v1/recommend"), 200),
        (post("/v1/sessions"), 201),
    ] {
        for _ in 0..50 {
            let mut stream = TcpStream::connect(server.addr()).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let mut raw = String::new();
            stream.read_to_string(&mut raw).unwrap();
            assert_eq!(Answer::of(&raw).status, status, "{request}");
        }
    }
}
