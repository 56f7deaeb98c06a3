//! Standard error: logs and progress, a bar on a terminal and plain lines elsewhere.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The one place that draws, so that log lines never cut through a bar.
static SCREEN: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Writes one message for a person; a standard error that went away is no reason to stop.
pub(crate) fn to_stderr(message: &str) {
    SCREEN.suspend(|| {
        let _ = writeln!(std::io::stderr().lock(), "{message}");
    });
}

/// Where log lines go: above the bar, if there is one.
#[derive(Default)]
pub(crate) struct Writer {
    line: Vec<u8>,
}

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        to_stderr(String::from_utf8_lossy(&self.line).trim_end());
    }
}

/// How long nothing may be said about something that goes on: at first, and after [`BEGINNING`].
const PATIENCE: Duration = Duration::from_secs(5);
const LATER_PATIENCE: Duration = Duration::from_secs(20);
const BEGINNING: Duration = Duration::from_secs(60);

/// Something that may take long: on a terminal a bar, elsewhere a line every few seconds, whether or not it is heard of.
#[derive(Debug)]
pub(crate) struct Progress {
    seen: Arc<Mutex<Seen>>,
    bar: Option<ProgressBar>,
    /// Dropped to end the teller, which is then waited for.
    stop: Option<Sender<()>>,
    teller: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts showing `name`.
    pub(crate) fn new(name: &str) -> Self {
        Self::within(name, Instant::now())
    }

    /// The same for a part of something that began earlier: the longer that takes, the less is said.
    pub(crate) fn within(name: &str, since: Instant) -> Self {
        let seen = Arc::new(Mutex::new(Seen::new(name)));
        let is_wanted = tracing::enabled!(tracing::Level::INFO);
        let bar = (is_wanted && std::io::stderr().is_terminal()).then(|| bar(name));
        let (stop, stopped) = channel();
        let told = Arc::clone(&seen);
        let teller = (is_wanted && bar.is_none()).then(|| {
            std::thread::Builder::new()
                .name("progress".into())
                .spawn(move || tell(&told, since, &stopped))
                .ok()
        });
        Self { seen, bar, stop: Some(stop), teller: teller.flatten() }
    }

    /// The same for something that says itself how long it will take.
    pub(crate) fn timed(name: &str) -> Self {
        let progress = Self::new(name);
        lock(&progress.seen).tells_time_left = false;
        progress
    }

    /// Shows that `position` of `total` is behind us; `note` is what there is to say about it.
    pub(crate) fn at(&self, position: u64, total: u64, note: &str) {
        let mut seen = lock(&self.seen);
        seen.first.get_or_insert(position);
        (seen.position, seen.total, seen.note) = (position.min(total), total, note.to_owned());
        if let Some(bar) = &self.bar {
            if bar.length() != Some(total) {
                bar.set_style(style("{prefix} {wide_bar} {percent:>3} % {eta:>4} {msg}"));
                bar.set_length(total);
            }
            bar.set_position(position.min(total));
            bar.set_message(note.to_owned());
        }
    }

    /// Shows what is being done where nobody knows how much there is of it.
    pub(crate) fn doing(&self, what: &str) {
        lock(&self.seen).note = what.to_owned();
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(teller) = self.teller.take() {
            // A teller that panicked has nothing more to say.
            let _ = teller.join();
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            SCREEN.remove(bar);
        }
    }
}

/// What is known of it.
#[derive(Debug)]
struct Seen {
    name: String,
    started: Instant,
    position: u64,
    /// 0 where nobody knows.
    total: u64,
    /// Where it was when it was first heard of: a resumed run does not begin at 0.
    first: Option<u64>,
    note: String,
    tells_time_left: bool,
}

impl Seen {
    fn new(name: &str) -> Self {
        let (name, started) = (name.to_owned(), Instant::now());
        Self { name, started, position: 0, total: 0, first: None, note: String::new(), tells_time_left: true }
    }

    /// One line about it after so long.
    fn line(&self, elapsed: Duration) -> String {
        let mut parts = Vec::new();
        parts.extend((100 * self.position).checked_div(self.total).map(|share| format!("{share} %")));
        if !self.note.is_empty() {
            parts.push(self.note.clone());
        }
        match self.left(elapsed).filter(|_| self.tells_time_left) {
            Some(left) => parts.push(format!("about {} left", duration(left))),
            None => parts.push(format!("{} so far", duration(elapsed))),
        }
        format!("{}: {}", self.name, parts.join(", "))
    }

    /// What the pace so far says about the rest.
    fn left(&self, elapsed: Duration) -> Option<Duration> {
        let done = self.position.checked_sub(self.first?).filter(|&done| done > 0)?;
        Some(elapsed.mul_f64((self.total - self.position) as f64 / done as f64))
    }
}

/// Says a line whenever patience is over, until nobody needs it any more.
fn tell(seen: &Mutex<Seen>, since: Instant, stopped: &Receiver<()>) {
    loop {
        if stopped.recv_timeout(patience(since)) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        let line = {
            let seen = lock(seen);
            seen.line(seen.started.elapsed())
        };
        tracing::info!("{line}");
    }
}

/// How long nothing may be said about something that began then.
pub(crate) fn patience(since: Instant) -> Duration {
    if since.elapsed() < BEGINNING { PATIENCE } else { LATER_PATIENCE }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bar(name: &str) -> ProgressBar {
    let bar = SCREEN.add(ProgressBar::new_spinner().with_style(style("{prefix} {spinner} {elapsed} {msg}")));
    bar.set_prefix(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are fixed")
}

/// A time as people say it.
pub(crate) fn duration(time: Duration) -> String {
    match time.as_secs_f64().round() as u64 {
        seconds @ 0..100 => format!("{seconds} s"),
        seconds @ 100..6000 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is_and_how_long_it_takes() {
        let mut seen = Seen::new("train");
        assert_eq!(seen.line(Duration::from_secs(5)), "train: 5 s so far");
        (seen.first, seen.position, seen.total) = (Some(100), 200, 400);
        seen.note = "return 3.1".into();
        assert_eq!(seen.line(Duration::from_secs(10)), "train: 50 %, return 3.1, about 20 s left");
        assert_eq!(seen.line(Duration::from_secs(200)), "train: 50 %, return 3.1, about 7 min left");
        seen.tells_time_left = false;
        assert_eq!(seen.line(Duration::from_secs(7000)), "train: 50 %, return 3.1, 1 h 56 min so far");
        (seen.first, seen.tells_time_left) = (Some(200), true);
        assert_eq!(seen.line(Duration::from_secs(9)), "train: 50 %, return 3.1, 9 s so far");
    }

    #[test]
    fn whoever_tells_ends_with_what_it_tells_of() {
        let (stop, stopped) = channel();
        let seen = Arc::new(Mutex::new(Seen::new("nothing")));
        let teller = std::thread::spawn(move || tell(&seen, Instant::now(), &stopped));
        drop(stop);
        teller.join().unwrap();
    }
}
