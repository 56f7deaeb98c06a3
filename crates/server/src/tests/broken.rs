//! Clients that are slow, broken or sly, over raw sockets: each gets a 4xx or a closed connection.

use super::client::Running;
use std::time::Duration;

/// The statuses of all answers on a connection; none where it was closed without a word.
fn statuses(raw: &str) -> Vec<u16> {
    let lines = raw.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 "));
    lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
}

fn check_refused(server: &Running, request: &[u8]) {
    let raw = server.trickle(&[request], None);
    let start = String::from_utf8_lossy(&request[..request.len().min(80)]).into_owned();
    assert!(statuses(&raw).iter().all(|status| status / 100 == 4), "{start:?}: {raw}");
    assert_eq!(server.get("/health/ready").status, 200, "after {start:?}");
}

#[test]
fn broken_requests_are_refused() {
    let server = Running::start(|limits| limits.header_deadline = Duration::from_millis(200));
    let post = "POST /v1/recommend HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
    let requests = [
        "\0\0\0\0\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}".to_owned(),
        "GET /\0 HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nhost : x\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n".to_owned(),
        "FROB /v1/items HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".to_owned(),
        "CONNECT elsewhere:443 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", "a".repeat(1 << 20)),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(1 << 20)),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(10_000)),
        format!("{post}content-length: -1\r\n\r\n{{}}"),
        format!("{post}content-length: 99999999999999999999999\r\n\r\n{{}}"),
        format!("{post}content-length: 18446744073709551615\r\n\r\n{{}}"),
        format!("{post}content-length: 2\r\ncontent-length: 5\r\n\r\n{{}}"),
        format!("{post}content-length: two\r\n\r\n{{}}"),
        format!("{post}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n"),
        format!("{post}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{{}}\r\n0\r\n\r\n"),
        format!("{post}transfer-encoding: gzip\r\n\r\n{{}}"),
        format!("{post}content-length: 2\r\n\r\n{{\u{7f}"),
    ];
    for request in &requests {
        check_refused(&server, request.as_bytes());
    }
}

#[test]
fn long_bodies_are_refused_however_they_are_sent() {
    const LENGTH: usize = 10_000_000;
    let server = Running::start(|_| {});
    let post = "POST /v1/recommend HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
    let body = "x".repeat(LENGTH);
    check_refused(&server, format!("{post}content-length: {LENGTH}\r\n\r\n\"{body}").as_bytes());
    let chunked = format!("{post}transfer-encoding: chunked\r\n\r\n{LENGTH:x}\r\n{body}\r\n0\r\n\r\n");
    check_refused(&server, chunked.as_bytes());
    let expecting = format!("{post}expect: 100-continue\r\ncontent-length: {LENGTH}\r\n\r\n");
    check_refused(&server, expecting.as_bytes());
}

#[test]
fn paths_lead_nowhere_but_to_routes() {
    let server = Running::start(|_| {});
    for path in [
        "/../../etc/passwd",
        "//etc/passwd",
        "/console/assets/../../../Cargo.toml",
        "/console/assets/%2e%2e%2f%2e%2e%2fCargo.toml",
        "/console/assets/..%5c..%5cCargo.toml",
        "/console/assets/console.css%00.js",
        "/console/demonstrations/-1",
        "/console/demonstrations/18446744073709551616",
        "/console/demonstrations/%ff%fe",
        "/v1/items/%ff",
        "/v1/items/%00",
        "/v1/sessions/..%2f..%2fadmin%2fpolicies",
        "/V1/ITEMS",
        "/v1/items/",
    ] {
        let raw = server
            .unfinished(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"));
        assert!(statuses(&raw).iter().all(|status| status / 100 == 4), "{path}: {raw}");
        assert!(!raw.contains("[package]") && !raw.contains("root:"), "{path}: {raw}");
    }
}

#[test]
fn slow_clients_are_let_go() {
    let server = Running::start(|limits| {
        limits.header_deadline = Duration::from_millis(150);
        limits.deadline = Duration::from_millis(300);
    });
    let head =
        b"GET /v1/items HTTP/1.1\r\nhost: localhost\r\nx-slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let pieces: Vec<&[u8]> = head.chunks(1).collect();
    let raw = server.trickle(&pieces, Some(Duration::from_millis(20)));
    assert!(statuses(&raw).iter().all(|status| status / 100 == 4), "{raw}");
    let post = "POST /v1/recommend HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n";
    let raw = server.trickle(&[post.as_bytes(), b"{\"k\":", b" "], Some(Duration::from_millis(20)));
    assert_eq!(statuses(&raw), [408], "{raw}");
    assert_eq!(server.trickle(&[], None), "", "a client that says nothing");
    assert_eq!(server.get("/health/ready").status, 200);
}

#[test]
fn many_slow_clients_do_not_keep_others_out() {
    let server = Running::start(|limits| {
        limits.n_connections = 8;
        limits.header_deadline = Duration::from_millis(200);
    });
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| server.trickle(&[b"GET / HTTP/1.1\r\n"], None));
        }
        assert_eq!(server.get("/health/live").status, 200, "in its turn");
    });
}
