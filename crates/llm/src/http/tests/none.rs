//! Answers that are none, in every shape: never kept, and asked for again.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::server::{Reply, Server, said};
use super::{client, quick, status};
use crate::tests::ask;
use crate::*;

/// Every way in which a server answers 200 and says nothing.
fn shapes() -> Vec<Value> {
    let choice = |message: Value, reason: Value| json!({ "choices": [{ "message": message, "finish_reason": reason }] });
    let said = |content: Value, reason: &str| {
        choice(json!({ "role": "assistant", "content": content }), reason.into())
    };
    let mut shapes = vec![
        said(Value::Null, "stop"),
        said("".into(), "stop"),
        said(" \n\t".into(), "stop"),
        said(json!([]), "stop"),
        said(json!([{ "type": "thinking", "thinking": "hm" }]), "stop"),
        said(Value::Null, "length"),
        said("".into(), "length"),
        said("<think>\nlet me see, perhaps".into(), "length"),
        said("<think>done</think>\n".into(), "stop"),
        said(Value::Null, "content_filter"),
        said("half a sen".into(), "content_filter"),
        said("".into(), "error"),
        said("half a sen".into(), "error"),
        choice(json!({ "content": null, "tool_calls": [{ "id": "1" }] }), "tool_calls".into()),
        choice(json!({}), Value::Null),
        json!({ "choices": [] }),
        json!({ "choices": null, "error": { "message": "upstream", "code": 429 } }),
        json!({ "object": "error", "message": "overloaded", "code": 50001 }),
        json!({ "error": "busy" }),
        json!({ "choices": [{ "error": { "code": 502, "message": "upstream" }, "message": { "content": "" },
            "finish_reason": "error" }] }),
    ];
    for code in [
        json!(408),
        json!(429),
        json!("429"),
        json!(500),
        json!(503),
        json!("rate_limit_exceeded"),
        Value::Null,
    ] {
        shapes.push(json!({ "error": { "message": "Provider returned error", "code": code } }));
    }
    shapes
}

/// The same answer in another form of sending.
fn sent(shape: &Value, form: usize) -> Vec<u8> {
    let text = shape.to_string();
    match form {
        0 => text.into_bytes(),
        1 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        2 => format!("\n\n   {text}\n").into_bytes(),
        3 => format!("data: {text}\n\ndata: [DONE]\n\n").into_bytes(),
        _ => format!(": a comment\n\ndata: {text}\r\n\r\n").into_bytes(),
    }
}

fn recorded(server: &Server, path: &Path) -> Recorded<Http> {
    let settings = HttpSettings { retries: 1, ..quick() };
    Recorded::new(client(server, settings), Arc::new(Cassette::open(path).unwrap())).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_that_is_none_is_not_kept_and_asked_for_again(
        shape in prop::sample::select(shapes()),
        form in 0..5_usize,
        role in prop::sample::select(vec![
            AgentRole::Planner, AgentRole::Actor, AgentRole::Critic, AgentRole::Reflector, AgentRole::Other,
        ]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.sqlite");
        let request = [Generate { agent: role, ..ask("hello") }];
        let bytes = sent(&shape, form);
        let broken = Server::start(move |_| Reply::Whole(super::http("200 OK", "", &bytes)));
        let answer = recorded(&broken, &path).generate(&request).remove(0);
        prop_assert!(answer.is_err(), "{shape}: {answer:?}");
        prop_assert_eq!(Cassette::open(&path).unwrap().n_calls().unwrap(), 0);
        let well = Server::start(|_| said("well"));
        let again = recorded(&well, &path).generate(&request).remove(0).unwrap();
        prop_assert_eq!((again.text.as_str(), well.n_requests()), ("well", 1));
    }
}

#[test]
fn an_error_inside_of_an_answer_counts_as_its_status() {
    let outcome = |body: Value| {
        let text = body.to_string();
        let server = Server::start(move |_| status("200 OK", "", &text));
        let error = super::ask_one(&client(&server, quick())).unwrap_err();
        (error, server.n_requests())
    };
    let limit = json!({ "error": { "message": "Rate limit exceeded: free-models-per-day", "code": 429 } });
    let (error, n) = outcome(limit);
    assert!(
        error.to_string().contains("the server said 429: Rate limit exceeded: free-models-per-day"),
        "{error}"
    );
    assert_eq!((matches!(error, LlmError::Refused { .. }), n), (true, 4));
    for (code, hint) in
        [(json!(401), "OPENAI_API_KEY"), (json!("invalid_api_key"), "OPENAI_API_KEY"), (json!(402), "credit")]
    {
        let (error, n) = outcome(json!({ "error": { "message": "no", "code": code } }));
        assert_eq!((error.ends_the_run(), n), (true, 1), "{error}");
        assert!(error.hint().unwrap().contains(hint), "{error:?}");
    }
    let (error, n) = outcome(json!({ "error": { "message": "bad request", "code": 400 } }));
    assert_eq!((matches!(error, LlmError::Rejected { .. }), n), (true, 1), "{error:?}");
}

#[test]
fn an_answer_without_room_for_words_says_so_and_is_asked_for_once() {
    let body = r#"{"choices":[{"message":{"content":null,"reasoning":"long"},"finish_reason":"length"}]}"#;
    let server = Server::start(move |_| status("200 OK", "", body));
    let error = super::ask_one(&client(&server, quick())).unwrap_err();
    assert_eq!(error.to_string(), "the answer was cut off at 100 tokens before anything was said");
    assert_eq!(server.n_requests(), 1);
}
