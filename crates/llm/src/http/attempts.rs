//! One call: attempts until there is an answer or no more hope.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::RngExt as _;

use super::client::Http;
use super::flow::Place;
use super::limits::pause;
use super::retry::{asked_delay, delay};
use super::transport::{Failure, post};
use crate::LlmError;

/// One call, whatever its service.
pub(super) struct Call<'a> {
    pub(super) service: &'static str,
    pub(super) body: &'a str,
    /// How the server's limit of tokens counts it.
    pub(super) tokens: u64,
}

/// A call that was answered.
pub(super) struct Answered<T> {
    pub(super) value: T,
    /// Attempts that may have been paid for besides.
    pub(super) n_lost: u64,
    pub(super) seconds: f64,
}

/// Who is to blame for a call without an answer.
#[derive(Clone, Copy, Debug)]
enum Blame {
    Request,
    Server,
    Setup,
}

/// The error for a call that has no time left for another attempt.
fn out_of_time(wait: Duration) -> (Blame, LlmError) {
    let reason = format!("no answer in time; the next attempt would have been in {wait:.1?}");
    (Blame::Server, LlmError::Refused { reason })
}

impl Http {
    /// Calls until there is an answer that `read` understands, or no more hope. The breaker hears how it ended.
    pub(super) fn call<T>(
        &self,
        call: &Call<'_>,
        read: impl Fn(&[u8]) -> Result<T, Failure>,
    ) -> Result<Answered<T>, LlmError> {
        if !self.breaker.admits(Instant::now()) {
            return Err(LlmError::Unavailable {
                reason: format!(
                    "the server failed again and again and is left alone, the last time: {}: {}",
                    self.breaker.last_reason(),
                    self.endpoint.base()
                ),
                hint: "see whether it is well, then run the same command again: it goes on where it stopped"
                    .to_owned(),
            });
        }
        let mut n_lost = 0;
        let result = self.attempts(call, read, &mut n_lost);
        match &result {
            Ok(_) | Err((Blame::Request, _)) => self.breaker.succeed(),
            Err((Blame::Server, error)) => self.breaker.fail(Instant::now(), error.to_string()),
            Err((Blame::Setup, _)) => self.breaker.leave(),
        }
        result.map_err(|(_, error)| if n_lost > 0 { error.perhaps_paid() } else { error })
    }

    fn attempts<T>(
        &self,
        call: &Call<'_>,
        read: impl Fn(&[u8]) -> Result<T, Failure>,
        n_lost: &mut u64,
    ) -> Result<Answered<T>, (Blame, LlmError)> {
        let mut jitter = mdp::rng_for(self.seed, &[self.n_calls.fetch_add(1, Ordering::Relaxed)]);
        let mut start = None;
        for attempt in 1.. {
            let left = self.settings.left(start.map_or(Duration::ZERO, |start: Instant| start.elapsed()));
            let patience = left.min(self.settings.longest_wait());
            let place = self.limits.enter(&self.settings, call.tokens, patience);
            let place = place.map_err(|wait| self.too_late(wait))?;
            let now = Instant::now();
            let spent = now.duration_since(*start.get_or_insert(now));
            let timeout = self.settings.attempt_timeout(spent);
            let result = post(&self.agent, &self.endpoint, call.service, call.body, timeout, &self.settings)
                .and_then(|bytes| read(&bytes));
            self.regulate(&place, result.as_ref().err(), now.elapsed(), timeout);
            drop(place);
            let failure = match result {
                Ok(value) => {
                    let seconds = now.elapsed().as_secs_f64();
                    return Ok(Answered { value, n_lost: *n_lost, seconds });
                }
                Err(failure) => failure,
            };
            let may_have_been_paid = matches!(failure, Failure::Lost(_) | Failure::Late(_));
            *n_lost += u64::from(may_have_been_paid);
            let is_last =
                attempt > self.settings.retries || *n_lost > u64::from(self.settings.retries_after_loss);
            let pause_for = self.next_pause(failure, attempt, is_last, jitter.random())?;
            let spent = spent + now.elapsed();
            if pause_for >= self.settings.left(spent) {
                return Err(out_of_time(pause_for));
            }
            pause(pause_for);
        }
        Err((Blame::Server, LlmError::Refused { reason: "no attempt was left".to_owned() }))
    }

    /// More requests at once, or fewer, as this attempt went.
    fn regulate(&self, place: &Place<'_>, failure: Option<&Failure>, took: Duration, timeout: Duration) {
        let why = match failure {
            None | Some(Failure::Useless(_)) => return place.answered(took),
            Some(Failure::Late(_)) => format!("no answer came within {:.0} s", timeout.as_secs_f64()),
            Some(Failure::Refused(reason, _)) => reason.clone(),
            Some(_) => return,
        };
        match place.overloaded() {
            Some((before, now)) => {
                tracing::warn!(
                    "{why}: from {before} requests at once to {now}; what is missing is asked again"
                );
            }
            None if matches!(failure, Some(Failure::Late(_))) => tracing::warn!(
                "{why}; a larger `request_timeout_ms` in the table `http` of the file behind --llm-config waits longer"
            ),
            None => {}
        }
    }

    /// The error for a call that finds the server to be left alone for so long: if no other call could wait for it
    /// either, the run ends, to go on later.
    fn too_late(&self, wait: Duration) -> (Blame, LlmError) {
        if wait < self.settings.longest_wait() {
            return out_of_time(wait);
        }
        let until = std::time::SystemTime::now().checked_add(wait).map(httpdate::fmt_http_date);
        let until = until.map_or(String::new(), |until| format!(", until {until}"));
        let seconds = wait.as_secs_f64().ceil();
        let (why, base) = (self.limits.reason(), self.endpoint.base());
        let error = LlmError::Unavailable {
            reason: format!("the server asks to be left alone for {seconds} s{until}: {why}: {base}"),
            hint: "run the same command again then: it goes on where it stopped".to_owned(),
        };
        (Blame::Setup, error)
    }

    /// The pause after a failure, or the error it ends in.
    fn next_pause(
        &self,
        failure: Failure,
        attempt: u32,
        is_last: bool,
        jitter: f64,
    ) -> Result<Duration, (Blame, LlmError)> {
        let usual = delay(&self.settings, attempt, jitter);
        if let Failure::Refused(reason, Some(asked)) = &failure {
            self.limits.leave_alone(*asked, reason);
            if *asked >= self.settings.longest_wait() {
                return Err(self.too_late(*asked));
            }
        }
        let (reason, pause_for) = match failure {
            Failure::Fatal(error) => return Err((Blame::Setup, error)),
            Failure::Rejected(reason, hint) => {
                return Err((Blame::Request, LlmError::Rejected { reason, hint }));
            }
            Failure::Useless(error) => return Err((Blame::Request, error)),
            Failure::Unreachable(reason) if is_last => {
                return Err((Blame::Server, self.unreachable(&reason)));
            }
            Failure::Lost(reason) | Failure::Late(reason) | Failure::Unreachable(reason) => (reason, usual),
            Failure::Refused(reason, asked) => {
                let asked = asked.map(|asked| asked_delay(asked, &self.settings, jitter));
                (reason, asked.unwrap_or(usual))
            }
        };
        if is_last {
            let reason = format!("{reason} (attempt {attempt}, the last)");
            return Err((Blame::Server, LlmError::Refused { reason }));
        }
        tracing::debug!(reason, attempt, pause_ms = pause_for.as_millis() as u64, "another attempt follows");
        Ok(pause_for)
    }
}
