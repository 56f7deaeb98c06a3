//! Every fault ends in another attempt, in a counted failure or in a clean stop.

use std::time::Duration;

use super::server::{Received, Reply, Server, http, said};
use super::{ask_one, client, quick, status};
use crate::tests::asks;
use crate::*;

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Answered,
    Failed,
    Refused,
    Stopped,
}
use End::{Answered, Failed, Refused, Stopped};

/// Asks once a server that shows the fault `n_faults` times and is well afterwards; expects an end and a number of
/// attempts. The error is returned.
#[track_caller]
fn check(
    fault: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    n_faults: usize,
    settings: HttpSettings,
    expected: (End, usize),
) -> Option<LlmError> {
    let server = Server::start(move |r| if r.number < n_faults { fault(r) } else { said("well") });
    let result = ask_one(&client(&server, settings));
    let end = match &result {
        Ok(answer) if answer.text == "well" => Answered,
        Err(LlmError::Failed { .. }) => Failed,
        Err(LlmError::Refused { .. } | LlmError::Rejected { .. }) => Refused,
        Err(error) if error.ends_the_run() => Stopped,
        other => panic!("{other:?}"),
    };
    assert_eq!((end, server.n_requests()), expected, "{result:?}");
    result.err()
}

const ALWAYS: usize = usize::MAX;

/// The same, for what may have been paid for: one more attempt is allowed.
#[track_caller]
fn check_lost(fault: impl Fn(&Received) -> Reply + Send + Sync + Copy + 'static, settings: &HttpSettings) {
    check(fault, 1, settings.clone(), (Answered, 2));
    check(fault, ALWAYS, settings.clone(), (Failed, 2));
}

#[test]
fn too_many_requests() {
    let plain = |_: &Received| status("429 Too Many Requests", "", "{}");
    check(plain, 2, quick(), (Answered, 3));
    check(plain, ALWAYS, quick(), (Refused, 4));
    let at_once = |_: &Received| status("429 Too Many Requests", "retry-after: 0\r\n", "{}");
    check(at_once, 2, quick(), (Answered, 3));
    let passed = "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
    check(move |_| status("429 Too Many Requests", passed, "{}"), 1, quick(), (Answered, 2));
}

#[test]
fn a_pause_that_is_too_long_stops_the_run() {
    let date = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(7200));
    for asked in ["7200".to_owned(), date] {
        let header = format!("retry-after: {asked}\r\n");
        let busy = move |_: &Received| status("503 Service Unavailable", &header, "");
        let error = check(busy, 1, quick(), (Stopped, 1)).unwrap();
        assert!(error.to_string().contains("asks to be left alone for"), "{error}");
    }
}

#[test]
fn a_pause_that_one_call_is_asked_for_holds_for_all() {
    let server = Server::start(|_| {
        status("429 Too Many Requests", "retry-after: 1200\r\n", r#"{"error":"daily quota"}"#)
    });
    let one = std::num::NonZeroU16::new(1).unwrap();
    let model = client(&server, HttpSettings { concurrency: one, ..quick() });
    let answers = model.generate(&asks(0..5));
    assert_eq!(server.n_requests(), 1);
    for answer in answers {
        let error = answer.unwrap_err();
        assert!(error.ends_the_run(), "{error:?}");
        let message = error.to_string();
        assert!(message.contains("the server said 429: daily quota"), "{message}");
        assert!(message.contains("left alone for 1200 s") && message.contains(" GMT: "), "{message}");
    }
}

#[test]
fn what_may_have_been_paid_is_not_hidden_by_what_follows() {
    let server = Server::start(|r| match r.number {
        0 => Reply::Cut(b"HTTP/1.1 200".to_vec()),
        _ => status("401 Unauthorized", "", ""),
    });
    let model = client(&server, quick());
    assert!(matches!(ask_one(&model), Err(LlmError::Failed { .. })));
    assert!(matches!(ask_one(&model), Err(LlmError::Unavailable { .. })));
}

#[test]
fn a_usual_pause_that_is_too_long_fails_the_call_only() {
    let settings = HttpSettings { total_timeout_ms: 60_000, first_delay_ms: 200_000, ..quick() };
    let settings = HttpSettings { longest_delay_ms: 200_000, ..settings };
    let error = check(|_| status("503 Service Unavailable", "", ""), 1, settings, (Refused, 1)).unwrap();
    assert!(error.to_string().contains("no answer in time"), "{error}");
}

#[test]
fn an_empty_account_stops_the_run() {
    let body = r#"{"error":{"message":"You exceeded your quota","code":"insufficient_quota"}}"#;
    check(|_| status("429 Too Many Requests", "", body), ALWAYS, quick(), (Stopped, 1));
}

#[test]
fn server_errors() {
    let broken = |_: &Received| status("500 Internal Server Error", "", r#"{"error":"out of\nmemory"}"#);
    check(broken, 3, quick(), (Answered, 4));
    let error = check(broken, ALWAYS, quick(), (Refused, 4)).unwrap();
    let expected = "the request failed: the server said 500: out of memory (attempt 4, the last)";
    assert_eq!(error.to_string(), expected);
    check(|_| status("502 Bad Gateway", "", "<html>bad</html>"), 1, quick(), (Answered, 2));
}

#[test]
fn requests_that_are_refused_for_good() {
    let wrong = |_: &Received| status("400 Bad Request", "", r#"{"error":{"message":"no such field"}}"#);
    check(wrong, ALWAYS, quick(), (Refused, 1));
    for (line, header) in
        [("401 Unauthorized", ""), ("404 Not Found", ""), ("302 Found", "location: http://localhost:1/\r\n")]
    {
        check(move |_| status(line, header, ""), ALWAYS, quick(), (Stopped, 1));
    }
}

#[test]
fn connection_reset() {
    for (n_resets, end) in [(1, Answered), (2, Failed)] {
        let server = Server::start_after_resets(n_resets, |_| said("well"));
        let result = ask_one(&client(&server, quick()));
        assert_eq!((result.is_ok(), server.n_requests()), (end == Answered, 2), "{result:?}");
    }
}

#[test]
fn half_a_body() {
    let half = br#"{"choices":[{"message":{"content":"we"#;
    check_lost(|_| Reply::Whole(http("200 OK", "", half)), &quick());
    let cut = |_: &Received| {
        let whole = http("200 OK", "", &half.repeat(3));
        Reply::Cut(whole[..whole.len() - half.len()].to_vec())
    };
    check_lost(cut, &quick());
    check_lost(|_| Reply::Cut(b"HTTP/1.1 200".to_vec()), &quick());
    check_lost(|_| Reply::Cut(Vec::new()), &quick());
    check_lost(|_| Reply::Cut(b"\0\xff not http\r\n\r\n".to_vec()), &quick());
}

#[test]
fn json_of_another_shape() {
    for body in [
        "{}",
        "[]",
        "null",
        "42",
        r#"{"choices":[]}"#,
        r#"{"choices":{"0":1}}"#,
        r#"{"choices":[{"text":"old api"}]}"#,
        r#"{"choices":[{"message":{"content":7}}]}"#,
        r#"{"choices":[{"message":{"content":null},"finish_reason":"stop"}]}"#,
    ] {
        check_lost(move |_| status("200 OK", "", body), &quick());
    }
}

#[test]
fn bytes_that_are_no_text() {
    let bytes = b"{\"choices\":[{\"message\":{\"content\":\"\xff\xfe\"}}]}";
    check_lost(|_| Reply::Whole(http("200 OK", "", bytes)), &quick());
}

#[test]
fn an_endless_answer_is_not_read_and_not_asked_for_again() {
    let long = "x".repeat(10 << 20);
    let body = format!(r#"{{"choices":[{{"message":{{"content":"{long}"}}}}]}}"#);
    let error = check(move |_| status("200 OK", "", &body), ALWAYS, quick(), (Failed, 1)).unwrap();
    assert!(error.to_string().contains("longer than 8388608 bytes"), "{error}");
    let nested = "[".repeat(1 << 20);
    check(move |_| status("200 OK", "", &nested), ALWAYS, quick(), (Failed, 2));
}

#[test]
fn a_server_that_hangs_or_drips() {
    let drip = || Reply::Drip(http("200 OK", "", &[b' '; 10_000]), Duration::from_millis(20));
    for fault in [|| Reply::Hang, drip] {
        let server = Server::start(move |_| fault());
        let impatient = HttpSettings { request_timeout_ms: 150, ..quick() };
        let error = ask_one(&client(&server, impatient)).unwrap_err();
        assert!(matches!(error, LlmError::Failed { .. }), "{error:?}");
        assert!(error.to_string().ends_with("(attempt 2, the last)"), "{error}");
    }
}

#[test]
fn the_whole_call_has_a_limit_too() {
    let settings = HttpSettings { total_timeout_ms: 0, ..quick() };
    let server = Server::start(|_| said("too late"));
    let result = ask_one(&client(&server, settings));
    assert!(result.is_err(), "{result:?}");
}

#[test]
fn no_server_at_all_stops_the_run_with_advice() {
    // Nobody listens on a port that was free a moment ago.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = Endpoint::new(&format!("http://{gone}"), None).unwrap();
    let error = ask_one(&Http::new(endpoint, "tiny", quick(), 0)).unwrap_err();
    assert!(error.ends_the_run());
    assert!(
        matches!(&error, LlmError::Unavailable { hint, .. } if hint.contains("OPENAI_BASE_URL")),
        "{error:?}"
    );
}

#[test]
fn a_server_that_fails_again_and_again_is_left_alone() {
    let server = Server::start(|_| status("500 Internal Server Error", "", r#"{"error":"out of memory"}"#));
    let three = std::num::NonZeroU32::new(3).unwrap();
    let one = std::num::NonZeroU16::new(1).unwrap();
    let settings = HttpSettings { retries: 0, breaker_failures: three, concurrency: one, ..quick() };
    let answers = client(&server, settings).generate(&asks(0..10));
    let n_stopped = answers.iter().filter(|a| matches!(a, Err(LlmError::Unavailable { .. }))).count();
    assert_eq!((server.n_requests(), n_stopped), (3, 7));
    let message = answers[9].as_ref().unwrap_err().to_string();
    assert!(message.contains("the server said 500: out of memory"), "{message}");
}

#[test]
fn one_bad_answer_of_many_costs_only_itself() {
    let server = Server::start(|r| match r.body.contains("question 3\"") {
        true => status("400 Bad Request", "", ""),
        false => said("well"),
    });
    let answers = client(&server, quick()).generate(&asks(0..20));
    let failed: Vec<usize> = (0..20).filter(|&place| answers[place].is_err()).collect();
    assert_eq!(failed, [3]);
}
