//! Clients that ask and never read, and clients that never finish asking: others are served meanwhile.

use super::target::{PATIENCE, Target, keys};
use super::{Attacked, clear};
use crate::Outcome;
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// What such a client sends.
#[derive(Clone, Copy, Debug)]
enum Client {
    /// Many requests whose long answers it never reads.
    Deaf,
    /// The beginning of very long headers.
    Endless,
    /// A byte from time to time.
    Slow,
}

/// Three crowds, one after the other; while each is there, others are answered.
pub(super) fn attack(attacked: &Attacked<'_>) -> Outcome<usize> {
    let n = most_connections().min(attacked.n(4_200, 300));
    let keys = keys(&attacked.place)?.display().to_string();
    let store = attacked.place.join("readers.sqlite");
    let target = Target::start(attacked, "readers", &store, &["--keys", &keys])?;
    for client in [Client::Deaf, Client::Endless, Client::Slow] {
        crowd(attacked, &target, client, n)?;
    }
    target.terminate(PATIENCE)?;
    clear(&store);
    Ok(3 * n)
}

/// Connections that one address may have of any server that is worth the name.
const SHARE: usize = 1_000;

fn crowd(attacked: &Attacked<'_>, target: &Target<'_>, client: Client, n: usize) -> Outcome<()> {
    let long = Duration::from_secs(if attacked.bench.is_short { 4 } else { 20 });
    let mut streams = Vec::with_capacity(n);
    for _ in 0..n {
        // A server may refuse more connections than it has seats for.
        let Ok(stream) = TcpStream::connect_timeout(&target.addr, Duration::from_secs(2)) else { break };
        stream.set_nonblocking(true)?;
        streams.push(stream);
    }
    let text = sent(client);
    for stream in &mut streams {
        // As much as goes: nobody waits for the rest.
        let _ = stream.write(&text);
    }
    let end = Instant::now() + long;
    let mut n_unanswered = 0;
    while Instant::now() < end {
        let answer = target.ask("POST", "/v1/recommend", &json!({ "history": ["1"], "k": 3 }));
        n_unanswered += usize::from(!answer.is_ok_and(|answer| matches!(answer.status, 200 | 503)));
        if let Client::Slow = client {
            streams.iter_mut().for_each(|stream| drop(stream.write(b"a")));
        }
        crate::load::wait_until(Instant::now() + Duration::from_millis(200));
    }
    // A server gives one address a share of its seats, and this program has one address: a crowd that takes the share keeps
    // itself out, and nobody else. Health has to be answered all the same.
    if n_unanswered > 0 && streams.len() < SHARE {
        target.fault(&format!("{client:?} clients: {n_unanswered} requests of others were not answered"));
    }
    Ok(())
}

fn sent(client: Client) -> Vec<u8> {
    const PIPELINED: usize = 400;
    match client {
        Client::Deaf => {
            let one = format!(
                "GET /v1/items?limit=1000 HTTP/1.1\r\nHost: localhost\r\nx-api-key: {}\r\n\r\n",
                super::target::KEY
            );
            one.repeat(PIPELINED).into_bytes()
        }
        Client::Endless => {
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nx: {}", "a".repeat(380_000)).into_bytes()
        }
        Client::Slow => b"GET / HTTP/1.1\r\nHost: localhost\r\nx: ".to_vec(),
    }
}

/// Connections that this process may have open beside what it needs itself.
fn most_connections() -> usize {
    const OWN: usize = 64;
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or_default();
    let soft = line.split_whitespace().next().and_then(|number| number.parse().ok());
    soft.unwrap_or(1024usize).saturating_sub(OWN)
}
