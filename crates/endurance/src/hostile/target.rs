//! A server under attack, and somebody who asks for its health all the time.

use super::watched::{MOST_MEGABYTES, panicked, peak_megabytes};
use super::{Attacked, clear};
use crate::Outcome;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Opens administration.
pub(super) const KEY: &str = "0123456789abcdef0123456789abcdef";
/// How long an answer of the server may take at all.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// As long as a server may take to end: its time to drain, and a little for a slow machine.
pub(super) const TO_END: Duration = Duration::from_secs(18);

/// A running server; it is killed when it is dropped.
pub(super) struct Target<'a> {
    attacked: &'a Attacked<'a>,
    name: String,
    child: Child,
    pub(super) addr: SocketAddr,
    log: PathBuf,
    stop: Arc<AtomicBool>,
    health: Option<JoinHandle<Seen>>,
}

/// What was seen of the health.
#[derive(Debug, Default)]
struct Seen {
    slowest: Duration,
    n_missed: usize,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The command that serves, with a store.
pub(super) fn command(attacked: &Attacked<'_>, store: impl AsRef<OsStr>, more: &[&str]) -> Command {
    let mut command = Command::new(&attacked.bench.ilrec);
    command.args(["serve", "--json", "--addr", "127.0.0.1:0", "--policy"]).arg(&attacked.small.artefact);
    command.arg("--store").arg(store).args(more).current_dir(&attacked.place);
    command
}

impl<'a> Target<'a> {
    /// Starts one; its health is asked for from then on.
    pub(super) fn start(
        attacked: &'a Attacked<'a>,
        name: &str,
        store: impl AsRef<OsStr>,
        more: &[&str],
    ) -> Outcome<Self> {
        let log = attacked.place.join(format!("{name}.log"));
        let mut child = command(attacked, store, more);
        let (mut child, said) = spawned(&mut child, &log)?;
        let Some(said) = said else {
            child.kill()?;
            child.wait()?;
            let why = std::fs::read_to_string(&log)?;
            return Err(format!("{name}: the server does not start: {why}").into());
        };
        let url = said["url"].as_str().unwrap_or_default();
        let addr = url.trim_start_matches("http://").trim_end_matches('/').parse()?;
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        let health = Some(std::thread::spawn(move || ask_for_health(addr, &flag)));
        Ok(Self { attacked, name: name.to_owned(), child, addr, log, stop, health })
    }

    /// Asks for JSON with the key of an administrator.
    pub(super) fn ask(&self, method: &str, path: &str, body: &Value) -> std::io::Result<Answer> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head =
            "Host: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length:";
        let text =
            format!("{method} {path} HTTP/1.1\r\n{head} {}\r\nx-api-key: {KEY}\r\n\r\n{body}", body.len());
        exchange(self.addr, text.as_bytes())
    }

    /// Ends it as an operator does, and says how long that took; longer than it may take is a fault.
    pub(super) fn terminate(mut self, within: Duration) -> Outcome<()> {
        self.look_back();
        let pid = self.child.id().to_string();
        let started = Instant::now();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        match wait(&mut self.child, within)? {
            Some(status) if status.success() => {}
            Some(status) => self.fault(&format!("told to stop, it ended with {status}")),
            None => {
                let seconds = started.elapsed().as_secs_f64();
                self.fault(&format!("told to stop, it was there after {seconds:.1} s"));
            }
        }
        self.judge_log()
    }

    /// Looks at what the attack did to it, and ends it.
    pub(super) fn judge(mut self) -> Outcome<()> {
        self.look_back();
        if let Some(status) = self.child.try_wait()? {
            self.fault(&format!("the server ended: {status}"));
        }
        self.child.kill()?;
        self.child.wait()?;
        self.judge_log()
    }

    fn look_back(&mut self) {
        let megabytes = peak_megabytes(self.child.id());
        if megabytes > MOST_MEGABYTES {
            self.fault(&format!("{megabytes:.0} MB resident"));
        }
        self.stop.store(true, Ordering::Relaxed);
        let Some(Ok(seen)) = self.health.take().map(JoinHandle::join) else { return };
        self.attacked.saw(megabytes, seen.slowest);
        if seen.n_missed > 0 || seen.slowest > self.attacked.health_within() {
            let (missed, slowest) = (seen.n_missed, seen.slowest.as_secs_f64());
            self.fault(&format!("health: {missed} times no answer, slowest {slowest:.2} s"));
        }
    }

    fn judge_log(&self) -> Outcome<()> {
        match panicked(&std::fs::read(&self.log)?) {
            Some(fault) => self.fault(&format!("{fault}: {}", self.log.display())),
            None => clear(&self.log),
        }
        Ok(())
    }

    pub(super) fn fault(&self, what: &str) {
        self.attacked.fault(format!("{}: {what}", self.name));
    }
}

impl Drop for Target<'_> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Whoever is gone already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server and waits until it says where it serves; `None` where it ended, or says nothing.
pub(super) fn spawned(command: &mut Command, log: &Path) -> Outcome<(Child, Option<Value>)> {
    let out = log.with_extension("out");
    let mut child =
        command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(log)?).spawn()?;
    let started = Instant::now();
    let mut said = None;
    while said.is_none() && started.elapsed() < PATIENCE {
        let has_ended = child.try_wait()?.is_some();
        said = serde_json::from_slice(&std::fs::read(&out)?).ok();
        if has_ended {
            break;
        }
        crate::load::wait_until(Instant::now() + GLANCE);
    }
    clear(&out);
    Ok((child, said))
}

const GLANCE: Duration = Duration::from_millis(10);

/// Waits for the end of a process, but not for ever; then it is killed.
pub(super) fn wait(child: &mut Child, within: Duration) -> Outcome<Option<ExitStatus>> {
    let started = Instant::now();
    while started.elapsed() < within {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        crate::load::wait_until(Instant::now() + GLANCE);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn ask_for_health(addr: SocketAddr, stop: &AtomicBool) -> Seen {
    const PAUSE: Duration = Duration::from_millis(100);
    let mut seen = Seen::default();
    let request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    while !stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        let answer = exchange(addr, request);
        if stop.load(Ordering::Relaxed) {
            break;
        }
        seen.slowest = seen.slowest.max(started.elapsed());
        seen.n_missed += usize::from(!answer.is_ok_and(|answer| answer.status == 200));
        crate::load::wait_until(Instant::now() + PAUSE);
    }
    seen
}

/// Sends bytes and reads all that comes back until the server closes the connection.
pub(super) fn exchange(addr: SocketAddr, bytes: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&addr, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // A server that refuses may close before it has read everything; its answer counts.
    let sent = stream.write_all(bytes);
    let mut raw = Vec::new();
    let read = stream.read_to_end(&mut raw);
    if raw.is_empty() {
        sent?;
        read?;
    }
    let status = raw.get(9..12).and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").map_or(raw.len(), |at| at + 4);
    Ok(Answer { status: status.unwrap_or(0), body: raw.split_off(end) })
}

/// A file of keys.
pub(super) fn keys(place: &Path) -> Outcome<PathBuf> {
    let path = place.join("keys");
    std::fs::write(&path, format!("admin {KEY}\n"))?;
    Ok(path)
}
