//! `doctor`: what this machine offers and what is missing.

use crate::context::Global;
use crate::failure::Failure;
use llm::{Endpoint, Http, HttpSettings, LlmError};
use serde::Serialize;
use std::path::PathBuf;
use std::process::Command;

/// How long a server may take to list its models.
const PATIENCE_MS: u64 = 3_000;
/// How many models are named, in how many characters each.
const MOST_NAMES: usize = 10;
const LONGEST_NAME: usize = 80;

/// Arguments of `doctor`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The directory that results will be written to
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    Missing,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answer {
    version: &'static str,
    checks: Vec<Check>,
}

/// Looks at everything and fails when something that is needed is missing.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let dir = &arguments.dir;
    let checks = vec![threads(), simd(), writable(dir), disk(dir), toolchain(), expert(), endpoint()];
    let lines: Vec<String> = checks.iter().map(line).collect();
    let text = format!("ilrec {}\n{}", env!("CARGO_PKG_VERSION"), lines.join("\n"));
    let missing = checks.iter().filter(|check| check.verdict == Verdict::Missing).count();
    global.format().emit(&Answer { version: env!("CARGO_PKG_VERSION"), checks }, &text)?;
    match missing {
        0 => Ok(()),
        n => Err(Failure::machine(format!("{n} of the things looked at are missing"))),
    }
}

fn line(check: &Check) -> String {
    let mark = if check.verdict == Verdict::Good { "ok     " } else { "missing" };
    let hint = check.hint.as_ref().map(|hint| format!("\n        {hint}")).unwrap_or_default();
    format!("{mark} {:<10} {}{hint}", check.name, check.found)
}

fn good(name: &'static str, found: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Good, found: found.into(), hint: None }
}

fn threads() -> Check {
    let n = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    good("threads", format!("{n} available, {} used (--threads changes it)", rayon::current_num_threads()))
}

fn simd() -> Check {
    #[cfg(target_arch = "x86_64")]
    let found = {
        let known = [
            ("avx2", std::is_x86_feature_detected!("avx2")),
            ("fma", std::is_x86_feature_detected!("fma")),
            ("avx512f", std::is_x86_feature_detected!("avx512f")),
        ];
        let there: Vec<&str> =
            known.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name).collect();
        if there.is_empty() { "baseline instructions only: slower".to_owned() } else { there.join(", ") }
    };
    #[cfg(not(target_arch = "x86_64"))]
    let found = std::env::consts::ARCH;
    good("processor", found)
}

fn writable(dir: &std::path::Path) -> Check {
    match tempfile::Builder::new().prefix(".ilrec-doctor-").tempfile_in(dir) {
        Ok(_) => good("results", format!("can be written to {}", dir.display())),
        Err(error) => Check {
            name: "results",
            verdict: Verdict::Missing,
            found: format!("cannot be written: {error}: {}", dir.display()),
            hint: Some("choose another directory with --dir".to_owned()),
        },
    }
}

fn disk(dir: &std::path::Path) -> Check {
    let free = answer_of(Command::new("df").arg("-Pk").arg(dir)).and_then(|text| {
        let kilobytes: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
        Some(kilobytes / 1024)
    });
    match free {
        Some(megabytes) if megabytes < 1024 => Check {
            name: "disk",
            verdict: Verdict::Missing,
            found: format!("{megabytes} MB free"),
            hint: Some("a run on a large catalogue writes up to 1 GB: make room".to_owned()),
        },
        Some(megabytes) => good("disk", format!("{megabytes} MB free")),
        None => good("disk", "free space unknown: `df` does not answer"),
    }
}

fn toolchain() -> Check {
    let found = answer_of(Command::new("rustc").arg("--version"));
    good("toolchain", found.unwrap_or_else(|| "no rustc: not needed to run, only to build".to_owned()))
}

fn expert() -> Check {
    good("expert", "builtin:expert, a rule-based stand-in for a language model; needs no key, no network")
}

/// Whether the server that the environment names answers. Nobody is asked where it names none.
fn endpoint() -> Check {
    if ["OPENAI_BASE_URL", "OPENAI_API_KEY"].iter().all(|name| std::env::var_os(name).is_none()) {
        return good("endpoint", "none: for --llm openai:MODEL, set OPENAI_BASE_URL to a server's address");
    }
    let settings = HttpSettings {
        connect_timeout_ms: PATIENCE_MS,
        request_timeout_ms: PATIENCE_MS,
        ..HttpSettings::default()
    };
    let asked = Endpoint::from_environment().and_then(|endpoint| {
        let server = Http::new(endpoint, "", settings, 0);
        server.models().map(|models| format!("{} answers; {}", server.endpoint().base(), named(&models)))
    });
    match asked {
        Ok(found) => good("endpoint", found),
        Err(error) => Check {
            name: "endpoint",
            verdict: Verdict::Missing,
            found: format!("no list of models: {error}"),
            hint: Some(match error {
                LlmError::Unavailable { hint, .. } => hint,
                _ => "look at OPENAI_BASE_URL, which mostly ends in /v1, and at OPENAI_API_KEY".to_owned(),
            }),
        },
    }
}

/// The names of a server's models, made fit for a line.
fn named(models: &[String]) -> String {
    let plain =
        |name: &String| name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect::<String>();
    let first: Vec<String> = models.iter().take(MOST_NAMES).map(plain).collect();
    match models.len() {
        0 => "it names no models".to_owned(),
        n if n > MOST_NAMES => format!("its models are {} and {} more", first.join(", "), n - MOST_NAMES),
        _ => format!("its models are {}", first.join(", ")),
    }
}

fn answer_of(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
