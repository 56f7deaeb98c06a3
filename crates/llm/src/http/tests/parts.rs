//! The parts that need no server: settings, pauses, limits, the breaker.

use std::num::NonZeroU32;
use std::time::{Duration, Instant, SystemTime};

use super::quick;
use crate::HttpSettings;
use crate::http::breaker::Breaker;
use crate::http::limits::{Hold, Window};
use crate::http::parallel::in_parallel;
use crate::http::retry::{asked_delay, delay, retry_after};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn settings_are_checked_when_read() {
    let written = toml::to_string(&HttpSettings::default()).unwrap();
    assert_eq!(toml::from_str::<HttpSettings>(&written).unwrap(), HttpSettings::default());
    assert_eq!(toml::from_str::<HttpSettings>("retries = 2").unwrap().retries, 2);
    for bad in ["retry = 2", "concurrency = 0", "requests_per_minute = 0", "retries = -1"] {
        assert!(toml::from_str::<HttpSettings>(bad).is_err(), "{bad}");
    }
}

#[test]
fn pauses_double_up_to_the_longest_and_jitter_shortens_them() {
    let settings = HttpSettings { first_delay_ms: 100, longest_delay_ms: 1_000, ..quick() };
    let pauses = [1, 2, 3, 4, 5, 60].map(|attempt| delay(&settings, attempt, 0.0).as_millis());
    assert_eq!(pauses, [100, 200, 400, 800, 1_000, 1_000]);
    assert_eq!(delay(&settings, 2, 0.5), Duration::from_millis(150));
    assert_eq!(asked_delay(7 * SECOND, &settings, 0.0), 7 * SECOND);
    assert!(asked_delay(7 * SECOND, &settings, 0.9) > 7 * SECOND);
}

#[test]
fn a_server_asks_in_seconds_or_by_date() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480);
    assert_eq!(retry_after(" 120 ", now), Some(120 * SECOND));
    assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:30 GMT", now), Some(30 * SECOND));
    assert_eq!(retry_after("Wed, 21 Oct 2015 07:27:30 GMT", now), Some(Duration::ZERO));
    for bad in ["", "soon", "-1", "1e3", "inf"] {
        assert_eq!(retry_after(bad, now), None, "{bad}");
    }
}

/// When requests of these sizes are sent, in seconds after the first, if each waits for the one before.
fn sent_at(settings: &HttpSettings, sizes: &[u64]) -> Vec<u64> {
    let (mut window, start) = (Window::default(), Instant::now());
    let mut now = start;
    let mut send = |tokens| {
        while let Err(wait) = window.admit(settings, tokens, now) {
            assert!(!wait.is_zero());
            now += wait;
        }
        let at = now.duration_since(start).as_secs();
        now += SECOND;
        at
    };
    sizes.iter().map(|&tokens| send(tokens)).collect()
}

#[test]
fn no_minute_has_more_requests_or_tokens_than_allowed() {
    let requests = HttpSettings { requests_per_minute: NonZeroU32::new(2), ..quick() };
    assert_eq!(sent_at(&requests, &[1; 5]), [0, 1, 60, 61, 120]);
    let tokens = HttpSettings { tokens_per_minute: NonZeroU32::new(100), ..quick() };
    assert_eq!(sent_at(&tokens, &[60, 40, 60, 60, 10]), [0, 1, 60, 120, 121]);
    // One that is above the limit by itself goes alone.
    assert_eq!(sent_at(&tokens, &[60, 500, 10]), [0, 60, 120]);
}

#[test]
fn a_shorter_pause_does_not_end_a_longer_one() {
    let (mut hold, start) = (Hold::default(), Instant::now());
    assert_eq!(hold.left(start), None);
    hold.extend(start, 30 * SECOND, "busy");
    hold.extend(start + SECOND, 2 * SECOND, "busy");
    assert_eq!(hold.left(start + 10 * SECOND), Some(20 * SECOND));
    assert_eq!(hold.left(start + 30 * SECOND), None);
}

#[test]
fn the_breaker_opens_lets_one_try_and_closes() {
    let breaker = Breaker::new(2, 10 * SECOND);
    let start = Instant::now();
    breaker.fail(start, "why".to_owned());
    breaker.succeed();
    breaker.fail(start, "why".to_owned());
    assert!(breaker.admits(start));
    breaker.fail(start, "why".to_owned());
    assert!(!breaker.admits(start + 9 * SECOND));
    assert!(breaker.admits(start + 10 * SECOND), "one may try");
    assert!(!breaker.admits(start + 11 * SECOND), "only one");
    breaker.fail(start + 12 * SECOND, "why".to_owned());
    assert!(!breaker.admits(start + 21 * SECOND));
    assert!(breaker.admits(start + 22 * SECOND));
    assert_eq!(breaker.last_reason(), "why");
    breaker.leave();
    assert!(breaker.admits(start + 22 * SECOND), "the place is free again");
    breaker.succeed();
    assert!(breaker.admits(start + 22 * SECOND) && breaker.admits(start + 22 * SECOND));
}

#[test]
fn results_stand_in_order_however_many_threads() {
    for (n_threads, n) in [(1, 5), (4, 100), (64, 3), (4, 0)] {
        let squares = in_parallel(n_threads, n, |number| number * number);
        assert_eq!(squares, (0..n).map(|number| number * number).collect::<Vec<_>>());
    }
}
