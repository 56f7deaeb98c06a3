//! What is measured: how full 64 concurrent requests keep the pipe to a server that answers after a fixed time, as a
//! ratio of what that time alone allows (bar: at least 0.9), and how much memory a hundred thousand recorded calls
//! take (bar: at the end no more than after the first tenth, but for a few megabytes of caches and fragments). The
//! server runs in a process of its own, so that only the client is measured.
//!
//! `cargo run --release -p llm --example pipe`

#![expect(clippy::print_stdout, reason = "the result of a measurement is what this prints")]

// The tests' server; it needs no more than the standard library.
#[path = "../src/http/tests/server.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod server;

use std::io::{BufRead as _, BufReader};
use std::num::NonZeroU16;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use llm::{
    AgentRole, Cassette, Counted, Endpoint, Generate, Http, HttpSettings, LanguageModel, Ledger, Message,
    Price, Recorded, Sampling, Speaker,
};
use server::{Server, said};

type Failed = Box<dyn std::error::Error>;

const CONCURRENCY: u16 = 64;
const LATENCY: Duration = Duration::from_millis(200);
const ROUNDS: usize = 20;
const BATCH: usize = 500;

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--serve") => serve(Duration::from_millis(arguments.get(2).ok_or("no latency")?.parse()?)),
        _ => {
            measure_throughput()?;
            measure_memory(100_000)
        }
    }
}

/// Answers after a fixed time until standard input ends, which it does with the parent.
fn serve(latency: Duration) -> Result<(), Failed> {
    let server = Server::start(move |_| {
        let start = Instant::now();
        while let Some(left) = latency.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
        said(&"an answer of a few words ".repeat(20))
    });
    println!("{}", server.base());
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// A server in another process; ends with the value.
struct OtherProcess {
    child: Child,
    base: String,
}

impl OtherProcess {
    fn start(latency: Duration) -> Result<Self, Failed> {
        let milliseconds = latency.as_millis().to_string();
        let mut command = Command::new(std::env::current_exe()?);
        let command = command.args(["--serve", &milliseconds]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut base = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut base)?;
        Ok(Self { child, base: base.trim().to_owned() })
    }

    fn model(&self) -> Result<Http, Failed> {
        let concurrency = NonZeroU16::new(CONCURRENCY).ok_or("no concurrency")?;
        let settings = HttpSettings { concurrency, ..HttpSettings::default() };
        Ok(Http::new(Endpoint::new(&self.base, Some("sk-no-real-key-0123456789"))?, "fake", settings, 0))
    }
}

impl Drop for OtherProcess {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn measure_throughput() -> Result<(), Failed> {
    let server = OtherProcess::start(LATENCY)?;
    let model = server.model()?;
    // Connections are made before the clock starts, as in a run that lasts.
    ask(&model, 0..usize::from(CONCURRENCY))?;
    let n = usize::from(CONCURRENCY) * ROUNDS;
    let start = Instant::now();
    ask(&model, 0..n)?;
    let seconds = start.elapsed().as_secs_f64();
    let ideal = LATENCY.as_secs_f64() * ROUNDS as f64;
    println!("requests {n}, concurrency {CONCURRENCY}, latency {LATENCY:?}");
    let (rate, ideal_rate) = (n as f64 / seconds, n as f64 / ideal);
    println!("requests per second {rate:.1}, ideal {ideal_rate:.1}, ratio {:.3}", ideal / seconds);
    Ok(())
}

fn measure_memory(n_calls: usize) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("cassette.sqlite");
    let server = OtherProcess::start(Duration::ZERO)?;
    let cassette = Arc::new(Cassette::open(&path)?);
    let ledger = Arc::new(Ledger::default());
    let paid = Counted::new(server.model()?, Price::new(0.15, 0.6)?, Arc::clone(&ledger));
    let recorded = Recorded::new(paid, Arc::clone(&cassette))?;
    for start in (0..n_calls).step_by(n_calls / 10) {
        for first in (start..start + n_calls / 10).step_by(BATCH) {
            ask(&recorded, first..first + BATCH)?;
        }
        println!("recorded calls {}, resident {}", cassette.n_calls()?, resident());
    }
    let total = ledger.total();
    let megabytes = std::fs::metadata(&path)?.len() >> 20;
    println!("file {megabytes} MB, tokens {}, money {}", total.tokens(), total.money);
    Ok(())
}

fn ask(model: &impl LanguageModel, numbers: std::ops::Range<usize>) -> Result<(), Failed> {
    let history = "watched and liked a film of many words, then another one; ".repeat(10);
    let request = |number| Generate {
        agent: AgentRole::Actor,
        messages: vec![Message { role: Speaker::User, content: format!("{history}{number}") }],
        sampling: Sampling { temperature: 0.5, top_p: 0.9, max_tokens: 64, seed: 1, stop: Vec::new() },
        schema: None,
        choices: None,
        excluded: Vec::new(),
    };
    let requests: Vec<Generate> = numbers.map(request).collect();
    for answer in model.generate(&requests) {
        answer?;
    }
    Ok(())
}

/// Memory of this process.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or("unknown".to_owned(), |size| size.trim().to_owned())
}
