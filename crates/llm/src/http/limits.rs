//! How much may be sent in a minute, and when nothing may.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::HttpSettings;
use super::flow::{Gate, Place};

/// Pauses from this length on are spoken of.
const WORTH_A_WORD: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_secs(60);

/// What was sent in the last minute, request by request: never more than allowed in any minute, unlike a bucket
/// that starts full.
#[derive(Debug, Default)]
pub(crate) struct Window {
    sent: VecDeque<(Instant, u64)>,
    tokens: u64,
}

impl Window {
    /// Notes the request if it may be sent now; otherwise says when to ask again. A request above the limit of tokens
    /// is sent when nothing else was.
    pub(crate) fn admit(
        &mut self,
        settings: &HttpSettings,
        tokens: u64,
        now: Instant,
    ) -> Result<(), Duration> {
        let limit_tokens = settings.tokens_per_minute.map_or(u64::MAX, |limit| u64::from(limit.get()));
        let limit_requests = settings.requests_per_minute.map_or(usize::MAX, |limit| limit.get() as usize);
        while let Some(&(at, old)) = self.sent.front() {
            let age = now.saturating_duration_since(at);
            if age >= MINUTE {
                self.tokens -= old;
                self.sent.pop_front();
            } else if self.sent.len() >= limit_requests || self.tokens.saturating_add(tokens) > limit_tokens {
                return Err(MINUTE - age);
            } else {
                break;
            }
        }
        let tokens = tokens.min(limit_tokens);
        self.sent.push_back((now, tokens));
        self.tokens += tokens;
        Ok(())
    }
}

/// The time before which a server does not want to be asked, by whomever.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    until: Option<Instant>,
    reason: String,
}

impl Hold {
    /// The server asked for a pause, for this reason; a shorter one does not end a longer one. Whether this is news: at
    /// least a second longer than what was known.
    pub(crate) fn extend(&mut self, now: Instant, pause: Duration, reason: &str) -> bool {
        let until = now.checked_add(pause).unwrap_or(now);
        let is_news =
            self.until.is_none_or(|earlier| until.saturating_duration_since(earlier).as_secs() >= 1);
        if self.until.is_none_or(|earlier| earlier < until) {
            *self = Self { until: Some(until), reason: reason.to_owned() };
        }
        is_news
    }

    /// How long it is still to be left alone.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        self.until?.checked_duration_since(now).filter(|left| !left.is_zero())
    }
}

/// All limits of a server.
#[derive(Debug)]
pub(crate) struct Limits {
    gate: Gate,
    window: Option<Mutex<Window>>,
    hold: Mutex<Hold>,
}

impl Limits {
    pub(crate) fn new(settings: &HttpSettings) -> Self {
        let is_limited = settings.requests_per_minute.is_some() || settings.tokens_per_minute.is_some();
        let patience = settings.attempt_timeout(Duration::ZERO);
        let gate = Gate::new(usize::from(settings.concurrency.get()), patience);
        Self { gate, window: is_limited.then(Mutex::default), hold: Mutex::default() }
    }

    /// Nobody asks before this pause is over.
    pub(crate) fn leave_alone(&self, pause: Duration, reason: &str) {
        let mut hold = self.hold.lock().unwrap_or_else(PoisonError::into_inner);
        if hold.extend(Instant::now(), pause, reason) && pause >= WORTH_A_WORD {
            tracing::warn!("waiting {:.0} s because {reason}", pause.as_secs_f64().ceil());
        }
    }

    /// Why the server is left alone.
    pub(crate) fn reason(&self) -> String {
        self.hold.lock().unwrap_or_else(PoisonError::into_inner).reason.clone()
    }

    /// Waits until a request of this size may be sent, up to `patience` for a server that wants to be left alone.
    ///
    /// # Errors
    /// For how long it wants that, if it is longer.
    pub(crate) fn enter(
        &self,
        settings: &HttpSettings,
        tokens: u64,
        patience: Duration,
    ) -> Result<Place<'_>, Duration> {
        let left = || self.hold.lock().unwrap_or_else(PoisonError::into_inner).left(Instant::now());
        let wait = || {
            while let Some(wait) = left() {
                if wait >= patience {
                    return Err(wait);
                }
                pause(wait);
            }
            Ok(())
        };
        wait()?;
        if let Some(window) = &self.window {
            let admit = || {
                let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
                window.admit(settings, tokens, Instant::now())
            };
            while let Err(wait) = admit() {
                pause(wait);
            }
        }
        loop {
            let place = self.gate.enter();
            if left().is_none() {
                return Ok(place);
            }
            drop(place);
            wait()?;
        }
    }
}

/// Lets time pass.
pub(crate) fn pause(duration: Duration) {
    let start = Instant::now();
    while let Some(left) = duration.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}
