//! A shared store that hangs, one that is full, and one that evicts.

use super::Attacked;
use super::target::{PATIENCE, TO_END, Target, command, exchange, spawned, wait};
use crate::Outcome;
use crate::report::say;
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server of our own; it is killed when it is dropped.
struct Redis {
    child: Child,
    addr: SocketAddr,
}

impl Redis {
    /// `None` where there is no `redis-server`.
    fn start(attacked: &Attacked<'_>, settings: &[&str]) -> Outcome<Option<Self>> {
        let addr = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let port = addr.port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--dir"]).arg(&attacked.place);
        let spawned = command.args(settings).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = match spawned {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let redis = Self { child, addr };
        let started = Instant::now();
        while TcpStream::connect(addr).is_err() {
            if started.elapsed() > PATIENCE {
                return Err("redis-server does not listen".into());
            }
            crate::load::wait_until(Instant::now() + Duration::from_millis(10));
        }
        Ok(Some(redis))
    }

    fn url(&self) -> String {
        format!("redis://{}", self.addr)
    }

    fn signal(&self, name: &str) -> Outcome<()> {
        Command::new("kill").args([name, &self.child.id().to_string()]).status()?;
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Whoever is gone already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Three attempts, where there is a `redis-server`.
pub(super) fn attack(attacked: &Attacked<'_>) -> Outcome<usize> {
    let Some(redis) = Redis::start(attacked, &[])? else {
        if std::env::var_os("ILREC_REQUIRE_REDIS").is_some() {
            return Err("there is no redis-server".into());
        }
        say("skipped: there is no redis-server");
        return Ok(0);
    };
    let kept = hung(attacked, &redis)?;
    after(attacked, &redis, &kept)?;
    drop(redis);
    evicting(attacked)?;
    Ok(3)
}

/// It hangs: others are served, readiness says so, the server ends when it is told to. Returns what was acknowledged.
fn hung(attacked: &Attacked<'_>, redis: &Redis) -> Outcome<Vec<(String, usize)>> {
    let target = Target::start(attacked, "a store that hangs", redis.url(), &[])?;
    let mut kept = Vec::new();
    for _ in 0..8 {
        let started = target.ask("POST", "/v1/sessions", &json!({}))?.json();
        let id = started["id"].as_str().ok_or("no session")?.to_owned();
        kept.push((id, 0));
    }
    for round in 0..6 {
        if round == 3 {
            redis.signal("-STOP")?;
            become_unready(&target)?;
        }
        for (id, n) in &mut kept {
            let told = json!({ "item": (round + 1).to_string(), "rating": 4 });
            let answer = target.ask("POST", &format!("/v1/sessions/{id}/feedback"), &told)?;
            *n += usize::from(answer.status == 200);
            if round >= 3 {
                break;
            }
        }
    }
    let answer = target.ask("POST", "/v1/recommend", &json!({ "history": ["1"] }))?;
    if answer.status != 200 {
        target.fault(&format!("what needs no store is answered with {}", answer.status));
    }
    let addr = target.addr;
    let waiting = (0..4).map(|n| {
        let path = format!("/v1/sessions/{}", kept[n].0);
        let text = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        std::thread::spawn(move || drop(exchange(addr, text.as_bytes())))
    });
    let waiting: Vec<_> = waiting.collect();
    target.terminate(TO_END)?;
    waiting.into_iter().for_each(|one| drop(one.join()));
    redis.signal("-CONT")?;
    Ok(kept)
}

fn become_unready(target: &Target<'_>) -> Outcome<()> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if target.ask("GET", "/health/ready", &Value::Null)?.status == 503 {
            return Ok(());
        }
        crate::load::wait_until(Instant::now() + Duration::from_millis(50));
    }
    target.fault("ready although the store hangs");
    Ok(())
}

/// What was acknowledged is there.
fn after(attacked: &Attacked<'_>, redis: &Redis, kept: &[(String, usize)]) -> Outcome<()> {
    let target = Target::start(attacked, "a store that hung", redis.url(), &[])?;
    for (id, n) in kept {
        let steps = target.ask("GET", &format!("/v1/sessions/{id}"), &Value::Null)?.json();
        let there = steps["steps"].as_array().map_or(0, Vec::len);
        if there < *n {
            target.fault(&format!("of {n} acknowledged answers of a session {there} are there"));
        }
    }
    target.terminate(TO_END)
}

/// A server that evicts is refused.
fn evicting(attacked: &Attacked<'_>) -> Outcome<()> {
    let Some(redis) = Redis::start(attacked, &["--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru"])?
    else {
        return Ok(());
    };
    let log = attacked.place.join("evicting.log");
    let (mut child, said) = spawned(&mut command(attacked, redis.url(), &[]), &log)?;
    if said.is_some() {
        attacked.fault("a store that evicts is served".into());
        child.kill()?;
    }
    if wait(&mut child, PATIENCE)?.is_none() {
        attacked.fault("a store that evicts: the server neither serves nor ends".into());
    }
    Ok(())
}
