//! A command that is watched: how long it takes, how much memory it has, and how it ends.

use super::Attacked;
use crate::Outcome;
use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// No command may take longer than this on any input, nor have more memory.
const LONGEST: Duration = Duration::from_secs(20);
pub(super) const MOST_MEGABYTES: f64 = 2048.0;
const GLANCE: Duration = Duration::from_millis(4);

/// Runs `ilrec` on something damaged. A refusal is as good as an answer; `true` where it did no harm.
pub(super) fn harmless(attacked: &Attacked<'_>, what: &str, words: &[&str]) -> Outcome<bool> {
    run(attacked, what, words, false, |_| {})
}

/// The same in another environment.
pub(super) fn harmless_with(
    attacked: &Attacked<'_>,
    what: &str,
    words: &[&str],
    prepare: impl FnOnce(&mut Command),
) -> Outcome<bool> {
    run(attacked, what, words, false, prepare)
}

/// The same where nothing but a refusal is right.
pub(super) fn refused(attacked: &Attacked<'_>, what: &str, words: &[&str]) -> Outcome<bool> {
    run(attacked, what, words, true, |_| {})
}

fn run(
    attacked: &Attacked<'_>,
    what: &str,
    words: &[&str],
    is_hopeless: bool,
    prepare: impl FnOnce(&mut Command),
) -> Outcome<bool> {
    let said = attacked.place.join(format!("{}.stderr", what.replace(['/', ' '], "-")));
    let mut command = Command::new(&attacked.bench.ilrec);
    command.args(words).args(["--quiet", "--threads", "1"]).current_dir(&attacked.place);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said)?);
    prepare(&mut command);
    let mut child = command.spawn()?;
    let found = watch(attacked, &mut child)?;
    let text = std::fs::read(&said)?;
    let fault = match found {
        Err(fault) => Some(fault),
        Ok(0) if is_hopeless => Some("taken for good".to_owned()),
        Ok(_) => panicked(&text).map(str::to_owned),
    };
    match fault {
        None => {
            super::clear(&said);
            Ok(true)
        }
        Some(fault) => {
            attacked.fault(format!("{what}: {fault}: ilrec {}", words.join(" ")));
            Ok(false)
        }
    }
}

/// Waits for the end, and says the exit code.
fn watch(attacked: &Attacked<'_>, child: &mut Child) -> Outcome<Result<i32, String>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(judged(status));
        }
        let megabytes = peak_megabytes(child.id());
        attacked.saw(megabytes, Duration::ZERO);
        let fault = if megabytes > MOST_MEGABYTES {
            Some(format!("{megabytes:.0} MB resident"))
        } else if started.elapsed() > LONGEST {
            Some(format!("still at it after {} s", LONGEST.as_secs()))
        } else {
            None
        };
        if let Some(fault) = fault {
            child.kill()?;
            child.wait()?;
            return Ok(Err(fault));
        }
        crate::load::wait_until(Instant::now() + GLANCE);
    }
}

fn judged(status: ExitStatus) -> Result<i32, String> {
    match (status.code(), status.signal()) {
        (Some(code @ 0..=2), _) => Ok(code),
        (Some(101), _) => Err("a panic".into()),
        (_, Some(signal)) => Err(format!("ended by signal {signal}")),
        (code, _) => Err(format!("exit code {code:?}")),
    }
}

/// Whether a log has a panic in it.
pub(super) fn panicked(log: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(log);
    (text.contains("panicked at") || text.contains("overflowed its stack")).then_some("a panic in its log")
}

/// The most memory that a process has had resident; 0 where the system does not say or it is gone.
pub(super) fn peak_megabytes(pid: u32) -> f64 {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(Path::new(&path)).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or_default();
    kilobytes / 1024.0
}
