//! Ctrl-C, and being told to end: a last word, then the end.

use std::sync::{Mutex, Once, PoisonError};

/// What is said, by whoever is at work.
static WORD: Mutex<Option<Box<dyn Fn() -> String + Send>>> = Mutex::new(None);
static HANDLER: Once = Once::new();

/// What is added to the number of a signal in an exit code.
#[cfg(unix)]
const OF_SIGNALS: i32 = 128;

/// Keeps a last word; dropped, there is nothing more to say and the process ends as it always did.
#[must_use]
pub(crate) struct LastWord;

/// Says this when the process is told to end, and ends it. For work that can be cut at any point.
pub(crate) fn last_word(word: impl Fn() -> String + Send + 'static) -> LastWord {
    *WORD.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(word));
    HANDLER.call_once(listen);
    LastWord
}

impl Drop for LastWord {
    fn drop(&mut self) {
        *WORD.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
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
    let word = WORD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(word) = word.as_ref() {
        crate::progress::to_stderr(&word());
    }
    std::process::exit(code)
}
