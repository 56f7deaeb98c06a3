//! What is sent, what is read, and how much at once.

use std::num::NonZeroU16;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::server::{Reply, Server, said};
use super::{ask_one, client, quick, status};
use crate::tests::{ask, asks};
use crate::*;

/// What a client sends for a request: head and JSON.
fn sent(settings: HttpSettings, request: Generate) -> (String, serde_json::Value) {
    let seen = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&seen);
    let server = Server::start(move |r| {
        *keep.lock().unwrap() = Some((r.head.clone(), serde_json::from_str(&r.body).unwrap()));
        said("Beginning and end")
    });
    client(&server, settings).generate(&[request])[0].as_ref().unwrap();
    seen.lock().unwrap().take().unwrap()
}

#[test]
fn a_plain_request() {
    let request = Generate {
        sampling: Sampling { temperature: 0.7, top_p: 1.0, max_tokens: 50, seed: 9, stop: vec!["\n".into()] },
        schema: Some(serde_json::json!({ "type": "object" })),
        ..ask("hello")
    };
    let (head, body) = sent(quick(), request);
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    assert!(!head.to_lowercase().contains("authorization"));
    let expected = serde_json::json!({
        "model": "tiny", "messages": [{ "role": "user", "content": "hello" }], "temperature": 0.7, "top_p": 1.0,
        "max_tokens": 50, "seed": 9, "stop": ["\n"],
    });
    assert_eq!(body, expected);
}

#[test]
fn what_a_server_offers_is_used() {
    let schema = serde_json::json!({ "type": "object", "properties": {} });
    let mut request = Generate { schema: Some(schema.clone()), ..ask("hello") };
    request.messages.push(Message { role: Speaker::Assistant, content: "Begin".to_owned() });
    request.sampling.seed = u64::MAX;
    let settings = HttpSettings {
        json_schema: true,
        continue_final_message: true,
        max_completion_tokens: true,
        ..quick()
    };
    let (_, body) = sent(settings, request);
    assert_eq!(body["response_format"]["json_schema"]["schema"], schema);
    assert_eq!(
        (&body["continue_final_message"], &body["max_completion_tokens"]),
        (&true.into(), &100.into())
    );
    assert!(body["seed"].as_u64().unwrap() < 1 << 31);
    assert!(body.get("max_tokens").is_none());
}

#[test]
fn an_answer_and_its_cost() {
    let server = Server::start(|_| said("well, well"));
    let model = client(&server, quick());
    let answer = ask_one(&model).unwrap();
    assert_eq!((answer.text.as_str(), answer.stop), ("well, well", StopReason::Stop));
    let usage = answer.usage;
    assert_eq!((usage.tokens_in, usage.tokens_reused, usage.tokens_out), (9, 5, 4));
    let mut begun = ask("hello");
    begun.messages.push(Message { role: Speaker::Assistant, content: "well, ".to_owned() });
    assert_eq!(model.generate(&[begun])[0].as_ref().unwrap().text, "well");
}

#[test]
fn a_cut_answer_without_cost_is_estimated() {
    let body =
        r#"{"choices":[{"message":{"content":"12345678"},"finish_reason":"length"}],"usage":{"x":-1}}"#;
    let server = Server::start(move |_| status("200 OK", "", body));
    let answer = ask_one(&client(&server, quick())).unwrap();
    assert_eq!((answer.stop, answer.usage.tokens_in, answer.usage.tokens_out), (StopReason::Length, 2, 2));
}

#[test]
fn what_it_cannot_do_is_not_sent() {
    let server = Server::start(|_| said("no"));
    let model = client(&server, quick());
    let choices = Some(Arc::new(Choices { texts: vec!["a".into()] }));
    let answers = model.generate(&[Generate { choices, ..ask("hello") }]);
    assert!(matches!(answers[..], [Err(LlmError::Unsupported { .. })]));
    let score = Score { agent: AgentRole::Actor, messages: vec![], continuations: vec!["a".into()] };
    assert!(matches!(model.score(&[score])[..], [Err(LlmError::Unsupported { .. })]));
    assert_eq!(server.n_requests(), 0);
}

#[test]
fn never_more_at_once_than_allowed_and_each_told_at_once() {
    let (under_way, peak) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&peak);
    let server = Server::start(move |_| {
        seen.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::yield_now();
        under_way.fetch_sub(1, Ordering::SeqCst);
        said("well")
    });
    let settings = HttpSettings { concurrency: NonZeroU16::new(4).unwrap(), ..quick() };
    let model = client(&server, settings);
    let n_told = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for batch in 0..3 {
            let (model, n_told) = (&model, &n_told);
            scope.spawn(move || {
                let requests = asks(batch * 50..batch * 50 + 50);
                let answers = model.generate_each(&requests, &|_, answer| {
                    n_told.fetch_add(usize::from(answer.is_ok()), Ordering::SeqCst);
                });
                assert!(answers.iter().all(Result::is_ok));
            });
        }
    });
    assert_eq!((server.n_requests(), n_told.into_inner()), (150, 150));
    assert!((2..=4).contains(&peak.load(Ordering::SeqCst)), "{peak:?}");
}

#[test]
fn a_lost_attempt_stays_within_the_budget() {
    let server = Server::start(|r| if r.number == 0 { Reply::Cut(Vec::new()) } else { said("well") });
    let model = client(&server, quick());
    let most = model.at_most(&ask("hello")).tokens();
    let budget = Budget { tokens: Some(most), money: None };
    let model = Budgeted::new(model, budget, None, Arc::default()).unwrap();
    assert!(ask_one(&model).is_ok());
    let spent = model.ledger().total().tokens();
    assert!(spent > 13 && spent <= most, "{spent} of {most}");
}

#[test]
fn a_server_tells_which_models_it_has() {
    let server = Server::start(|r| {
        assert!(r.head.starts_with("GET /v1/models "), "{}", r.head);
        match r.number {
            0 => status("200 OK", "", r#"{"object":"list","data":[{"id":"a"},{"id":"b:7b"}]}"#),
            1 => status("200 OK", "", "<html>"),
            _ => status("401 Unauthorized", "", ""),
        }
    });
    let model = client(&server, quick());
    assert_eq!(model.models().unwrap(), ["a", "b:7b"]);
    assert!(matches!(model.models(), Err(LlmError::Failed { .. })));
    assert!(matches!(model.models(), Err(LlmError::Unavailable { .. })));
    assert_eq!(server.n_requests(), 3);
}
