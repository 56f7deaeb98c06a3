//! Refusals as servers word them, and the setting that helps.

use serde_json::json;

use super::server::Server;
use super::{ask_one, client, quick, status};
use crate::*;

/// What is said about a refusal with this body, and how often it was asked.
fn refused(line: &'static str, body: &serde_json::Value) -> (LlmError, usize) {
    let text = body.to_string();
    let server = Server::start(move |_| status(line, "", &text));
    (ask_one(&client(&server, quick())).unwrap_err(), server.n_requests())
}

fn openai(message: &str, parameter: &str) -> serde_json::Value {
    json!({ "error": { "message": message, "type": "invalid_request_error", "param": parameter, "code": null } })
}

/// Messages of servers in OpenAI's form, the parameter that they name beside it, and the setting that helps.
const REFUSALS: [(&str, &str, &str); 11] = [
    (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "max_tokens",
        "`max_completion_tokens = true`",
    ),
    (
        "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
        "",
        "`max_completion_tokens = true`",
    ),
    ("Unrecognized request argument supplied: max_completion_tokens", "", "`max_completion_tokens = false`"),
    (
        "max_tokens is too large: 5000. This model supports at most 4096 completion tokens",
        "max_tokens",
        "sampling.actor_tokens",
    ),
    (
        "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.",
        "temperature",
        "sampling.critic_temperature",
    ),
    ("temperature is not supported by this model", "", "omit = [\"temperature\"]"),
    ("Unsupported parameter: 'top_p' is not supported with this model.", "top_p", "omit = [\"top_p\"]"),
    ("Unrecognized request argument supplied: seed", "", "omit = [\"seed\"]"),
    ("property 'stop' is unsupported", "", "omit = [\"stop\"]"),
    (
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported",
        "response_format",
        "`json_schema = false`",
    ),
    ("Unexpected keyword argument: continue_final_message", "", "`continue_final_message = false`"),
];

#[test]
fn a_refused_parameter_stops_the_run_with_its_setting() {
    let bad = "400 Bad Request";
    let mut cases: Vec<(&str, serde_json::Value, &str)> = REFUSALS
        .into_iter()
        .map(|(said, parameter, setting)| (bad, openai(said, parameter), setting))
        .collect();
    let missing = json!({ "type": "extra_forbidden", "loc": ["body", "seed"],
        "msg": "Extra inputs are not permitted", "input": 5 });
    let twice = "System role not supported System role not supported";
    let alternate = "Conversation roles must alternate user/assistant/user/assistant/...";
    let developer = "Developer instruction is not enabled for models/gemma-3-27b-it";
    cases.extend([
        ("422 Unprocessable Entity", json!({ "detail": [missing] }), "omit = [\"seed\"]"),
        (bad, json!({ "object": "error", "message": twice, "code": 400 }), "`system_role = false`"),
        (bad, json!({ "error": alternate }), "`system_role = false`"),
        (bad, openai(developer, ""), "`system_role = false`"),
    ]);
    for (line, body, setting) in cases {
        let (error, n) = refused(line, &body);
        assert_eq!((error.ends_the_run(), n), (true, 1), "{body}: {error:?}");
        let hint = error.hint().unwrap();
        assert!(hint.contains(setting) && !hint.contains("same command"), "{body}: {hint}");
    }
}

#[test]
fn what_is_no_parameter_is_refused_for_one_request_only() {
    for (message, part) in [
        (
            "This model's maximum context length is 512 tokens. However, you requested 900 tokens (860 in the messages, 40 in \
            max_tokens).",
            "prompt_tokens",
        ),
        ("the prompt tells to stop at the seed of temperature", "omit"),
        ("I cannot read 'Nonstop (2014)' and 'Seed of Chucky'", "omit"),
        ("bad json", "system_role"),
    ] {
        let (error, n) = refused("400 Bad Request", &openai(message, ""));
        let LlmError::Rejected { hint, .. } = &error else { panic!("{message}: {error:?}") };
        assert!(n == 1 && hint.contains(part) && !hint.contains("same command"), "{hint}");
    }
    let (error, _) = refused(
        "422 Unprocessable Entity",
        &json!({ "detail": [{ "loc": ["body", "messages", 0], "msg": "too short" }] }),
    );
    assert_eq!(error.to_string(), "the request failed: the server said 422: body.messages.0: too short");
}
