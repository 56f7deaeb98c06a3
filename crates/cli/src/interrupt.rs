//! Ctrl-C, and being told to end: a last word, then the end.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};

type Word = Box<dyn Fn() -> String + Send>;

/// What is said, by whoever is at work: a command first, then a part of it that knows more. The last of them speaks.
static WORDS: Mutex<Vec<Word>> = Mutex::new(Vec::new());
static HANDLER: Once = Once::new();

/// What is added to the number of a signal in an exit code.
#[cfg(unix)]
const OF_SIGNALS: i32 = 128;

/// Keeps a last word; dropped, the one before it counts, and without any the process ends without a word.
#[must_use]
pub(crate) struct LastWord;

/// Says this when the process is told to end, and ends it. For work that can be cut at any point.
pub(crate) fn last_word(word: impl Fn() -> String + Send + 'static) -> LastWord {
    words().push(Box::new(word));
    HANDLER.call_once(listen);
    LastWord
}

impl Drop for LastWord {
    fn drop(&mut self) {
        words().pop();
    }
}

fn words() -> MutexGuard<'static, Vec<Word>> {
    WORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for signals in a thread of its own; elsewhere than on Unix the process ends without a word.
#[cfg(unix)]
fn listen() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let wait = |mut signals: signal_hook::iterator::Signals| {
        if let Some(signal) = signals.forever().next() {
            end(OF_SIGNALS + signal);
        }
    };
    let heard = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])
        .and_then(|signals| std::thread::Builder::new().name("signals".into()).spawn(move || wait(signals)));
    if let Err(error) = heard {
        tracing::debug!(%error, "nothing will be said when the process is told to end");
    }
}

#[cfg(not(unix))]
fn listen() {}

#[cfg(unix)]
fn end(code: i32) {
    let words = words();
    if let Some(word) = words.last() {
        crate::progress::to_stderr(&word());
    }
    std::process::exit(code)
}
