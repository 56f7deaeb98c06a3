//! A clock that is set to before 1970, before the start and while a server runs: it is refused, and nothing panics.

use super::small::Small;
use super::target::{Answer, PATIENCE, TO_END, command, exchange, spawned, wait};
use super::watched::{harmless_with, panicked};
use super::{Attacked, clear};
use crate::Outcome;
use crate::report::say;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

/// The system's clock as programs read it; it stands at the last day of 1969 while a file is there.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t which, struct timespec *out) {
    int (*own)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int got = own(which, out);
    const char *mark = getenv("ATTACK_CLOCK");
    if (which == CLOCK_REALTIME && mark && access(mark, F_OK) == 0) out->tv_sec = -86400;
    return got;
}
"#;

/// The clock in the environment of a process.
struct Clock {
    library: PathBuf,
    mark: PathBuf,
}

impl Clock {
    /// `None` where there is no C compiler.
    fn made(attacked: &Attacked<'_>) -> Outcome<Option<Self>> {
        let place = |name: &str| attacked.place.join(name);
        let (source, library) = (place("clock.c"), place("clock.so"));
        std::fs::write(&source, SHIM)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).args([&library, &source]).arg("-ldl");
        match compiler.status() {
            Ok(status) if status.success() => Ok(Some(Self { library, mark: place("clock.early") })),
            Ok(status) => Err(format!("cc: {status}").into()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn applied<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("LD_PRELOAD", &self.library).env("ATTACK_CLOCK", &self.mark)
    }

    fn set_early(&self) -> Outcome<()> {
        Ok(std::fs::write(&self.mark, "")?)
    }

    fn set_right(&self) {
        clear(&self.mark);
    }
}

/// Commands, a start, and a running server.
pub(super) fn attack(attacked: &Attacked<'_>) -> Outcome<usize> {
    let Some(clock) = Clock::made(attacked)? else {
        say("skipped: there is no C compiler");
        return Ok(0);
    };
    clock.set_early()?;
    let n_commands = commands(attacked, &clock)?;
    start(attacked, &clock)?;
    clock.set_right();
    let n_requests = running(attacked, &clock)?;
    Ok(n_commands + n_requests + 1)
}

/// What writes down when it was done.
fn commands(attacked: &Attacked<'_>, clock: &Clock) -> Outcome<usize> {
    let Small { data, world, demos, policy, .. } = &attacked.small;
    let path = |path: &PathBuf| path.display().to_string();
    let (data, world, demos, policy) = (path(data), path(world), path(demos), path(policy));
    let out = attacked.place.join("early");
    let out_name = path(&out);
    let all: [&[&str]; 4] = [
        &["data", "describe", &data],
        &["demos", "describe", &demos],
        &[
            "demos",
            "collect",
            "--data",
            &data,
            "--world",
            &world,
            "--llm",
            "builtin:expert",
            "--episodes",
            "2",
            "--out",
            &out_name,
        ],
        &["export", "--policy", &policy, "--data", &data, "--out", &out_name],
    ];
    for words in all {
        harmless_with(attacked, &format!("{} before 1970", words[..2].join(" ")), words, |command| {
            clock.applied(command);
        })?;
        clear(&out);
    }
    Ok(all.len())
}

/// It does not start.
fn start(attacked: &Attacked<'_>, clock: &Clock) -> Outcome<()> {
    let (log, store) = (attacked.place.join("early.log"), attacked.place.join("early.sqlite"));
    let (mut child, said) = spawned(clock.applied(&mut command(attacked, &store, &[])), &log)?;
    if said.is_some() {
        attacked.fault("a server starts before 1970".into());
        child.kill()?;
    }
    if wait(&mut child, PATIENCE)?.is_none() {
        attacked.fault("before 1970 the server neither serves nor ends".into());
    }
    judge_log(attacked, &log)
}

/// While the clock is wrong nobody is served; then everybody again.
fn running(attacked: &Attacked<'_>, clock: &Clock) -> Outcome<usize> {
    const N: usize = 20;
    let (log, store) = (attacked.place.join("clock.log"), attacked.place.join("clock.sqlite"));
    let (mut child, said) = spawned(clock.applied(&mut command(attacked, &store, &[])), &log)?;
    let Some(said) = said else {
        return Err("the server does not start with a clock of another library".into());
    };
    let url = said["url"].as_str().unwrap_or_default();
    let addr: SocketAddr = url.trim_start_matches("http://").trim_end_matches('/').parse()?;
    let expect = |status: u16| -> Outcome<()> {
        for _ in 0..N {
            // Who is turned away may find the connection closed before the answer is read.
            let got = live(addr).map_or(503, |answer| answer.status);
            if got != status {
                attacked.fault(format!(
                    "health is answered with {got} instead of {status} when the clock is set"
                ));
            }
        }
        Ok(())
    };
    expect(200)?;
    clock.set_early()?;
    expect(503)?;
    clock.set_right();
    expect(200)?;
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
    if wait(&mut child, TO_END)?.is_none() {
        attacked.fault("told to stop, it did not end after its clock was set".into());
    }
    clear(&store);
    judge_log(attacked, &log)?;
    Ok(3 * N)
}

fn live(addr: SocketAddr) -> std::io::Result<Answer> {
    exchange(addr, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

fn judge_log(attacked: &Attacked<'_>, log: &PathBuf) -> Outcome<()> {
    match panicked(&std::fs::read(log)?) {
        Some(fault) => attacked.fault(format!("before 1970: {fault}: {}", log.display())),
        None => clear(log),
    }
    Ok(())
}
