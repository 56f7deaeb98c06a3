//! A user with very many sessions, and a session with very many answers: nobody else waits for them.

use super::target::{TO_END, Target, exchange};
use super::{Attacked, clear};
use crate::Outcome;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Clients that ask for what is expensive, all at once.
const N_GREEDY: usize = 10;

/// While some ask for what is long, others are answered within a second, and the server ends when it is told to.
pub(super) fn attack(attacked: &Attacked<'_>) -> Outcome<usize> {
    let (n_sessions, n_answers) = (attacked.n(100_000, 2_000), attacked.n(300_000, 12_000));
    let store = attacked.place.join("long.sqlite");
    let target = Target::start(attacked, "long histories", &store, &[])?;
    attacked.each(n_sessions, |_| {
        let started = target.ask("POST", "/v1/sessions", &json!({ "user": "ann", "history": ["1", "2"] }))?;
        if started.status != 201 {
            target.fault(&format!("a session is not started: {}", started.status));
        }
        Ok(())
    })?;
    let id =
        target.ask("POST", "/v1/sessions", &json!({}))?.json()["id"].as_str().unwrap_or_default().to_owned();
    let n_kept = answers(&target, &id, n_answers)?;
    let greedy = json!({ "user": "ann", "k": 1 }).to_string();
    let session = format!("/v1/sessions/{id}");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in 0..N_GREEDY {
            let (target, stop, greedy, session) = (&target, &stop, &greedy, &session);
            scope.spawn(move || {
                let (method, path, body) = match number % 2 {
                    0 => ("POST", "/v1/recommend", greedy.as_str()),
                    _ => ("GET", session.as_str(), ""),
                };
                while !stop.load(Ordering::Relaxed) {
                    // Whether it is answered is no matter here: others have to be.
                    drop(exchange(target.addr, text(method, path, body).as_bytes()));
                }
            });
        }
        let outcome = others(attacked, &target);
        stop.store(true, Ordering::Relaxed);
        outcome
    })?;
    pages(&target, &session, n_kept)?;
    target.terminate(TO_END)?;
    clear(&store);
    Ok(n_sessions + n_answers)
}

fn text(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Answers in batches until the session takes no more. Returns how many were acknowledged.
fn answers(target: &Target<'_>, id: &str, n: usize) -> Outcome<usize> {
    const AT_ONCE: usize = 1_000;
    let mut n_kept = 0;
    for _ in 0..n.div_ceil(AT_ONCE) {
        let batch: Vec<Value> = (0..AT_ONCE)
            .map(|at| json!({ "session": id, "item": (at % 30).to_string(), "rating": 4 }))
            .collect();
        let answer = target.ask("POST", "/v1/feedback", &json!(batch))?;
        match answer.status {
            200 => n_kept += AT_ONCE,
            400..500 => break,
            status => target.fault(&format!("a batch of feedback is answered with {status}")),
        }
    }
    Ok(n_kept)
}

/// Requests of other people, one after the other.
fn others(attacked: &Attacked<'_>, target: &Target<'_>) -> Outcome<()> {
    let end = Instant::now() + Duration::from_secs(if attacked.bench.is_short { 3 } else { 20 });
    let mut slowest = Duration::ZERO;
    while Instant::now() < end {
        let started = Instant::now();
        let session = target.ask("POST", "/v1/sessions", &json!({ "user": "bob" }))?;
        let slate = target.ask("POST", "/v1/recommend", &json!({ "user": "bob", "k": 1 }))?;
        slowest = slowest.max(started.elapsed());
        if (session.status, slate.status) != (201, 200) {
            let said = [&session, &slate].map(|answer| {
                let why = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
                format!("{} {why}", answer.status)
            });
            let after = started.elapsed().as_secs_f64();
            target.fault(&format!("others are answered with {} after {after:.2} s", said.join(" and ")));
            return Ok(());
        }
    }
    if slowest > 2 * attacked.health_within() {
        target.fault(&format!("others wait {:.2} s", slowest.as_secs_f64()));
    }
    Ok(())
}

/// All that was acknowledged is there, part by part.
fn pages(target: &Target<'_>, session: &str, n_kept: usize) -> Outcome<()> {
    let (mut after, mut n_there) = (Some(0), 0);
    while let Some(from) = after {
        let part = target.ask("GET", &format!("{session}?after={from}&limit=1000"), &Value::Null)?.json();
        n_there += part["steps"].as_array().map_or(0, Vec::len);
        after = part["next"].as_u64();
    }
    if n_there != n_kept {
        target.fault(&format!("of {n_kept} acknowledged answers {n_there} are there"));
    }
    Ok(())
}
