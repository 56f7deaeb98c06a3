//! Standard error: logs and progress, a bar on a terminal and plain lines elsewhere.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::sync::LazyLock;
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

/// How long nothing may be said about something long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something long: on a terminal a bar, elsewhere a line each time another tenth is behind us, and every half minute.
#[derive(Debug)]
pub(crate) struct Progress {
    name: String,
    total: u64,
    bar: Option<ProgressBar>,
    tenths_said: u64,
    said_at: Instant,
}

impl Progress {
    /// Starts showing `name`, which will take `total` of something.
    pub(crate) fn new(name: &str, total: u64) -> Self {
        let is_shown = std::io::stderr().is_terminal() && tracing::enabled!(tracing::Level::INFO);
        let bar = is_shown.then(|| {
            let style = ProgressStyle::with_template("{prefix} {wide_bar} {percent:>3} % {eta:>4} {msg}")
                .expect("the template is fixed");
            let bar = SCREEN.add(ProgressBar::new(total).with_style(style));
            bar.set_prefix(name.to_owned());
            bar
        });
        Self { name: name.to_owned(), total, bar, tenths_said: 0, said_at: Instant::now() }
    }

    /// Shows that `position` of the total is behind us; `note` is what there is to say about it.
    pub(crate) fn at(&mut self, position: u64, note: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(position.min(self.total));
            bar.set_message(note.to_owned());
            return;
        }
        let tenths = position.min(self.total) * 10 / self.total.max(1);
        if tenths > self.tenths_said || self.said_at.elapsed() >= PATIENCE {
            (self.tenths_said, self.said_at) = (tenths, Instant::now());
            tracing::info!("{}: {} % {note}", self.name, tenths * 10);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            SCREEN.remove(bar);
        }
    }
}
