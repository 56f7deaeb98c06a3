//! A proxy on the same machine, and pages of other sites: neither opens what is for this machine alone.

use super::target::{Target, exchange};
use super::{Attacked, clear};
use crate::Outcome;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// A server without keys, as somebody tries it out.
pub(super) fn attack(attacked: &Attacked<'_>) -> Outcome<usize> {
    let store = attacked.place.join("behind.sqlite");
    let target = Target::start(attacked, "behind a proxy", &store, &[])?;
    let proxy = forward(target.addr)?;
    let mut n = 0;
    for (method, path, body) in [
        ("GET", "/admin/policies", Value::Null),
        ("GET", "/admin/availability", Value::Null),
        ("POST", "/admin/availability", json!({ "withdraw": ["1"] })),
        ("POST", "/admin/policies", json!({ "path": attacked.small.artefact })),
        ("GET", "/admin/experiment", Value::Null),
    ] {
        let answer = exchange(proxy, &request(method, path, "shop.example", &body))?;
        if answer.status / 100 == 2 {
            target.fault(&format!("{method} {path} through a proxy answers {}", answer.status));
        }
        n += 1;
    }
    for (method, path, body) in [
        ("GET", "/", Value::Null),
        ("GET", "/console/traffic.json", Value::Null),
        ("GET", "/v1/items", Value::Null),
        ("POST", "/v1/sessions", json!({})),
        ("POST", "/v1/recommend", json!({})),
        ("GET", "/admin/policies", Value::Null),
    ] {
        let answer = exchange(target.addr, &request(method, path, "rebound.example", &body))?;
        if answer.status / 100 == 2 {
            target.fault(&format!("{method} {path} under another site's name answers {}", answer.status));
        }
        n += 1;
    }
    n += ids(&target)?;
    target.judge()?;
    clear(&store);
    Ok(n)
}

/// The id of a session opens it; it is in nothing that others may read.
fn ids(target: &Target<'_>) -> Outcome<usize> {
    let started = target.ask("POST", "/v1/sessions", &json!({ "user": "ann" }))?;
    let id = started.json()["id"].as_str().ok_or("no session")?.to_owned();
    target.ask("GET", &format!("/v1/sessions/{id}"), &Value::Null)?;
    let pages = ["/console/traffic.json", "/console/traffic", "/metrics"];
    for path in pages {
        let answer = target.ask("GET", path, &Value::Null)?;
        if String::from_utf8_lossy(&answer.body).contains(&id) {
            target.fault(&format!("{path} has the id of a session in it"));
        }
    }
    Ok(pages.len())
}

fn request(method: &str, path: &str, host: &str, body: &Value) -> Vec<u8> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A proxy as nginx is without settings: it names the server, and does not say for whom it asks. It ends with the process.
fn forward(server: SocketAddr) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let addr = listener.local_addr()?;
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // A client that goes away is nobody's loss.
            let _ = pass_on(client, server);
        }
    });
    Ok(addr)
}

fn pass_on(mut client: TcpStream, server: SocketAddr) -> std::io::Result<()> {
    let mut heard = Vec::new();
    let mut piece = [0; 4096];
    let end = loop {
        let n = client.read(&mut piece)?;
        heard.extend_from_slice(&piece[..n]);
        let text = String::from_utf8_lossy(&heard).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if n == 0 {
                return Ok(());
            }
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        if n == 0 || body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0) {
            break text;
        }
    };
    let named = end.replace("Host: shop.example", &format!("Host: {server}"));
    let mut upstream = TcpStream::connect(server)?;
    upstream.write_all(named.as_bytes())?;
    std::io::copy(&mut upstream, &mut client)?;
    Ok(())
}
