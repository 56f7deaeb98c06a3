//! Likelihoods from a server that repeats its prompts.

use super::server::{Received, Reply, Server};
use super::{client, quick, status};
use crate::tests::ask;
use crate::*;
use serde_json::{Value, json};

/// Repeats the prompt: a token per character, the less likely the later its letter is in the alphabet.
pub(crate) fn echo(received: &Received) -> Reply {
    let body: Value = serde_json::from_str(&received.body).unwrap();
    assert!(received.head.starts_with("POST /v1/completions ") && body["echo"] == true, "{body}");
    let prompt = body["prompt"].as_str().unwrap();
    let likely = |(at, c): (usize, char)| (at > 0).then(|| -f64::from(u32::from(c) % 32) / 4.0);
    let mut log_probs: Vec<Option<f64>> = prompt.chars().enumerate().map(likely).collect();
    log_probs.push(Some(-0.5));
    let answer = json!({
        "choices": [{ "text": format!("{prompt}!"), "logprobs": {
            "token_logprobs": log_probs, "text_offset": (0..log_probs.len()).collect::<Vec<_>>() } }],
        "usage": { "prompt_tokens": prompt.chars().count(), "completion_tokens": 1 },
    });
    status("200 OK", "", &answer.to_string())
}

/// A slate after a question.
pub(crate) fn weigh(texts: &[&str]) -> Score {
    let continuations = texts.iter().map(|text| (*text).to_owned()).collect();
    Score { agent: AgentRole::Actor, messages: ask("Which\u{e9}?").messages, continuations }
}

#[test]
fn every_text_is_scored_after_the_same_prefix() {
    let server = Server::start(echo);
    let mut model = client(&server, quick());
    assert!(matches!(model.score(&[weigh(&["a"])])[..], [Err(LlmError::Unsupported { .. })]));
    model.find_out_scoring().unwrap();
    assert!(model.capabilities().scores && server.n_requests() == 1);
    let answers = model.score(&[weigh(&["ab", "\u{e9}"]), weigh(&[]), weigh(&["c"])]);
    let log_probs = |at: usize| {
        let scored: &Vec<Continuation> = answers[at].as_ref().unwrap();
        scored.iter().map(|one| (one.log_prob, one.n_tokens)).collect::<Vec<_>>()
    };
    assert_eq!(log_probs(0), [(-0.75, 2), (-2.25, 1)]);
    assert_eq!((log_probs(1), log_probs(2)), (vec![], vec![(-0.75, 1)]));
    let usage = answers[0].as_ref().unwrap()[0].usage;
    assert_eq!((usage.tokens_in, usage.tokens_out), (9, 3));
    let most = model.score_at_most(&weigh(&["ab", "\u{e9}"]));
    assert!(most.tokens_in >= 2 * usage.tokens_in && most.tokens_out >= 3 + 2);
}

#[test]
fn a_server_that_does_not_score_is_refused_with_advice() {
    let scored = |offsets: &str, log_probs: &str, text: &str| {
        let text = Value::from(text);
        format!(
            r#"{{"choices":[{{"text":{text},"logprobs":{{"text_offset":{offsets},"token_logprobs":{log_probs}}}}}]}}"#
        )
    };
    let whole = "One, two,\nthree four";
    for body in [
        r#"{"choices":[{"text":"One, two,\nthree","logprobs":null}]}"#.to_owned(),
        scored("[0,10]", "[null,-1.0]", " four"),
        scored("[0,10]", "[null,null]", whole),
        scored("[0,10]", "[null,1.5]", whole),
        scored("[0,10,15]", "[null,-1.5]", whole),
        scored("[0]", "[null]", whole),
        scored("[]", "[]", whole),
        r#"{"choices":[]}"#.to_owned(),
        "<html>".to_owned(),
    ] {
        let shown = body.clone();
        let server = Server::start(move |_| status("200 OK", "", &body));
        refused(&server, &shown);
    }
    refused(&Server::start(|_| status("404 Not Found", "", "{}")), "404");
    refused(&Server::start(|_| status("400 Bad Request", "", r#"{"error":"no echo here"}"#)), "400");
}

fn refused(server: &Server, what: &str) {
    let mut model = client(server, quick());
    match model.find_out_scoring() {
        Err(LlmError::Unavailable { reason, hint }) => {
            assert!(reason.contains("how likely") && hint.contains("--actor free"), "{what}: {reason}");
        }
        other => panic!("{what}: {other:?}"),
    }
    assert!(!model.capabilities().scores && server.n_requests() == 1, "{what}");
}

#[test]
fn an_answer_that_lost_its_log_probabilities_is_tried_again_and_then_a_failure() {
    let server = Server::start(|received| match received.number {
        0 => echo(received),
        _ => status("200 OK", "", r#"{"choices":[{"text":"x","logprobs":null}]}"#),
    });
    let mut model = client(&server, quick());
    model.find_out_scoring().unwrap();
    let answers = model.score(&[weigh(&["ab"])]);
    assert!(matches!(answers[..], [Err(LlmError::Failed { .. })]), "{answers:?}");
    assert_eq!(server.n_requests(), 3, "one more attempt, which may have been paid for as well");
}
