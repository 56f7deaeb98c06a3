//! The pauses that servers ask for, as they write them.

use std::time::{Duration, SystemTime};

use crate::http::retry::{asked_pause, reset};

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_480)
}

/// What these headers ask for, in milliseconds.
fn asked(status: u16, headers: &[(&str, &str)]) -> Option<u128> {
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    asked_pause(header, status, now()).map(|pause| pause.as_millis())
}

#[test]
fn every_header_is_understood() {
    for (status, headers, expected) in [
        (429, &[("retry-after", "2")][..], Some(2_000)),
        (503, &[("retry-after", "1.5")], Some(1_500)),
        (429, &[("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")], Some(30_000)),
        (429, &[("retry-after-ms", "1500")], Some(1_500)),
        (429, &[("retry-after-ms", "250"), ("retry-after", "1")], Some(250)),
        (429, &[("x-ratelimit-reset-requests", "6m0s")], Some(360_000)),
        (429, &[("x-ratelimit-reset-tokens", "3.2s")], Some(3_200)),
        (429, &[("x-ratelimit-reset-tokens", "3.2s"), ("x-ratelimit-reset-requests", "120ms")], Some(3_200)),
        (
            429,
            &[
                ("x-ratelimit-reset-requests", "6m0s"),
                ("x-ratelimit-remaining-requests", "7"),
                ("x-ratelimit-reset-tokens", "1s"),
                ("x-ratelimit-remaining-tokens", "0"),
            ],
            Some(1_000),
        ),
        (429, &[("x-ratelimit-reset", "1445412490")], Some(10_000)),
        (429, &[("x-ratelimit-reset", "1445412490000")], Some(10_000)),
        (500, &[("x-ratelimit-reset-requests", "6m0s")], None),
        (429, &[("retry-after", "soon")], None),
        (429, &[("retry-after", "-1")], None),
        (429, &[("retry-after", "NaN")], None),
        (429, &[], None),
    ] {
        assert_eq!(asked(status, headers), expected, "{headers:?}");
    }
}

#[test]
fn durations_are_spelled_with_units() {
    let millis = |text: &str| reset(text, now()).map(|pause| pause.as_millis());
    for (text, expected) in [
        ("1h2m3.5s", Some(3_723_500)),
        ("250ms", Some(250)),
        ("1d", Some(86_400_000)),
        ("12", Some(12_000)),
        ("12.25", Some(12_250)),
        ("6m0", None),
        ("m", None),
        ("", None),
        ("5x", None),
    ] {
        assert_eq!(millis(text), expected, "{text}");
    }
    assert!(millis("99999999999999999999999h").is_some_and(|pause| pause <= 366 * 86_400_000));
}
