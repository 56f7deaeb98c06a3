//! A collection seen from outside: how far it is, and how long it will take, said every few seconds.

use crate::progress::Progress;
use llm::{Count, Ledger};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often what is shown is brought up to date.
const TICK: Duration = Duration::from_secs(1);

/// What is said to be going on.
const NAME: &str = "demonstrations";

/// What is known of a collection, told by the agents step by step and by the ledger answer by answer.
pub(super) struct Watch {
    ledger: Arc<Ledger>,
    run: PathBuf,
    start: Instant,
    /// What had been booked before.
    before: Count,
    seen: Mutex<Seen>,
}

struct Seen {
    shown: Progress,
    progress: ::agents::Progress,
    /// Sessions that an earlier run finished.
    first_sessions: Option<usize>,
    /// Answers when the agents told of their progress.
    n_answered: u64,
    has_first: bool,
}

impl Watch {
    /// Before the first answer.
    pub(super) fn new(n_sessions: usize, ledger: Arc<Ledger>, run: &Path) -> Self {
        let progress = ::agents::Progress { of_sessions: n_sessions, ..Default::default() };
        let shown = Progress::timed(NAME);
        let before = ledger.total();
        let seen = Seen { shown, progress, first_sessions: None, n_answered: 0, has_first: false };
        Self { ledger, run: run.to_owned(), start: Instant::now(), before, seen: Mutex::new(seen) }
    }

    /// The agents are so far.
    pub(super) fn told(&self, progress: &::agents::Progress) {
        let n_answered = self.since().calls;
        let mut seen = self.lock();
        seen.first_sessions.get_or_insert(progress.sessions);
        (seen.progress, seen.n_answered) = (progress.clone(), n_answered);
        self.show(&mut seen);
    }

    /// Some time has passed.
    fn tick(&self) {
        self.show(&mut self.lock());
    }

    fn show(&self, seen: &mut Seen) {
        let note = format!("{}{}", self.note(seen), self.left(seen));
        if !seen.has_first && self.since().calls > 0 {
            seen.has_first = true;
            tracing::info!("{NAME}: the first answer is there; {note}");
        }
        seen.shown.at(seen.progress.sessions as u64, seen.progress.of_sessions as u64, &note);
    }

    /// Nothing more will come.
    pub(super) fn ended(&self) {
        tracing::info!("{NAME}: {}", self.note(&self.lock()));
    }

    /// What is booked since the start.
    fn since(&self) -> Count {
        let (now, before) = (self.ledger.total(), &self.before);
        let calls = now.calls.saturating_sub(before.calls);
        let failures = now.failures.saturating_sub(before.failures);
        Count { calls, failures, ..now }
    }

    fn note(&self, seen: &Seen) -> String {
        let since = self.since();
        let progress = &seen.progress;
        let calls = match (since.calls, since.failures) {
            (0, 0) if progress.calls_left == 0 || progress.steps > 0 => String::new(),
            (0, 0) => ", no answer yet".to_owned(),
            (n, 0) => format!(", {n} answers now"),
            (n, failed) => format!(", {n} answers now ({failed} calls without one)"),
        };
        let money = since.total_money();
        let paid = if money > llm::Money::default() { format!(", paid {money}") } else { String::new() };
        format!("{progress}{calls}{paid}")
    }

    fn left(&self, seen: &Seen) -> String {
        let (since, progress) = (self.since(), &seen.progress);
        let left = progress.calls_left.saturating_sub(since.calls.saturating_sub(seen.n_answered));
        match since.calls {
            0 => by_sessions(progress, seen.first_sessions.unwrap_or(0), self.start.elapsed()),
            n => by_calls(left, n, self.start.elapsed()),
        }
    }

    /// What a person is told who ends it now.
    pub(super) fn last_word(&self) -> String {
        let n_answers = self.ledger.total().calls;
        let seen = self.lock();
        let ::agents::Progress { sessions, of_sessions, .. } = seen.progress;
        format!(
            "stopped: {n_answers} answers and {sessions} of {of_sessions} sessions are kept; the same command goes on from \
             there: {}",
            self.run.display()
        )
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the sessions since the start say about the rest.
pub(super) fn by_sessions(progress: &::agents::Progress, first: usize, elapsed: Duration) -> String {
    let done = progress.sessions.saturating_sub(first);
    let rest = progress.of_sessions.saturating_sub(progress.sessions);
    if done == 0 { String::new() } else { minutes(elapsed, rest as u64, done as u64) }
}

/// What the answers since the start say about the calls that are left.
pub(super) fn by_calls(left: u64, done: u64, elapsed: Duration) -> String {
    format!(", about {left} calls to go{}", minutes(elapsed, left, done))
}

fn minutes(elapsed: Duration, rest: u64, done: u64) -> String {
    let seconds = elapsed.as_secs_f64() * rest as f64 / done.max(1) as f64;
    format!(", about {:.0} min left", (seconds / 60.0).ceil())
}

/// Looks at a collection again and again, from a thread that ends when this is dropped.
pub(super) struct Ticker {
    is_over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Ticker {
    /// Without a thread, progress is said step by step alone.
    pub(super) fn start(watch: Arc<Watch>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&is_over);
        let look = move || {
            while !end.load(Ordering::Acquire) {
                std::thread::park_timeout(TICK);
                if !end.load(Ordering::Acquire) {
                    watch.tick();
                }
            }
        };
        Self { is_over, thread: std::thread::Builder::new().name("progress".into()).spawn(look).ok() }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}
