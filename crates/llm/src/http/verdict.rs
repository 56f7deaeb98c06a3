//! What it means when a server says something else than an answer: by a status, or inside of an answer.

use std::time::Duration;

use serde_json::Value;

use super::Endpoint;
use super::advice::{for_every_request, for_this_request};
use super::transport::Failure;
use crate::LlmError;

/// How much of a message is shown.
const SHOWN_CHARACTERS: usize = 300;
/// Answers that are longer are no errors.
const LONGEST_ERROR: usize = 64 << 10;

/// What a server says instead of an answer.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// The status, where one is known: of the response, or as the code of an error.
    pub(crate) status: Option<u16>,
    /// For people, on one line, without the key.
    pub(crate) message: String,
    /// The server's name for the error.
    pub(crate) code: String,
    /// The parameter that it is about.
    pub(crate) parameter: String,
    /// For how long the server wants to be left alone.
    pub(crate) pause: Option<Duration>,
}

impl Said {
    /// An error as JSON: `{"error": {"message", "code", "type", "param"}}` and its relatives. The key is taken out
    /// before anything is cut; `is_whole` says whether the end of the text was cut off already.
    pub(crate) fn read(body: &[u8], is_whole: bool, endpoint: &Endpoint) -> Self {
        let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
        let parsed = if parsed.is_array() { &parsed[0] } else { &parsed };
        Self::of(parsed, &String::from_utf8_lossy(body), is_whole, endpoint)
    }

    fn of(parsed: &Value, raw: &str, is_whole: bool, endpoint: &Endpoint) -> Self {
        let error = &parsed["error"];
        let known = [&error["message"], error, &parsed["message"], &parsed["detail"]];
        let text = known.iter().find_map(|value| value.as_str()).map(str::to_owned);
        let text = text.or_else(|| details(&parsed["detail"])).unwrap_or_else(|| raw.to_owned());
        let text = if is_whole { endpoint.scrub_message(text) } else { endpoint.scrub_beginning(text) };
        let words: Vec<&str> =
            text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|w| !w.is_empty()).collect();
        let message = words.join(" ").chars().take(SHOWN_CHARACTERS).collect();
        let word = |name: &str| {
            let value = [&error[name], &parsed[name]].into_iter().find(|value| !value.is_null());
            value.map_or(String::new(), |value| value.as_str().map_or(value.to_string(), str::to_owned))
        };
        let code = word("code");
        let status =
            status_of(&code).or_else(|| status_of(&word("status"))).or_else(|| status_of(&word("type")));
        let kind = word("type");
        let code = if code.is_empty() || kind == "insufficient_quota" { kind } else { code };
        Self { status, message, code, parameter: word("param"), pause: None }
    }

    /// The error that a successful answer holds instead of one: at its top, or in its first choice.
    pub(crate) fn within(answer: &[u8], endpoint: &Endpoint) -> Option<Self> {
        if answer.len() > LONGEST_ERROR {
            return None;
        }
        let parsed: Value = serde_json::from_slice(answer).ok()?;
        let choice = &parsed["choices"][0];
        let raw = "without a message";
        if is_said(&parsed["error"]) || parsed["object"] == "error" {
            return Some(Self::of(&parsed, raw, true, endpoint));
        }
        if is_said(&choice["error"]) {
            return Some(Self::of(choice, raw, true, endpoint));
        }
        (choice["finish_reason"] == "error")
            .then(|| Self { message: "the answer ended in an error".to_owned(), ..Self::default() })
    }

    /// What it means for the request.
    pub(crate) fn judged(self) -> Failure {
        let message = if self.message.is_empty() { String::new() } else { format!(": {}", self.message) };
        let reason = match self.status {
            Some(status) => format!("the server said {status}{message}"),
            None => format!("the server answered with an error{message}"),
        };
        let fatal = |hint: &str| {
            Failure::Fatal(LlmError::Unavailable { reason: reason.clone(), hint: hint.to_owned() })
        };
        match self.status.unwrap_or(500) {
            401 | 403 => fatal("look at OPENAI_API_KEY"),
            402 => fatal("the account has no credit left"),
            429 if self.code == "insufficient_quota" => fatal("the account has no credit left"),
            404 | 405 => fatal("look at the model's name and at OPENAI_BASE_URL, which mostly ends in /v1"),
            429 | 408 | 409 | 425 | 500..600 => Failure::Refused(reason, self.pause),
            400..500 => match for_every_request(&self.message, &self.parameter) {
                Some(hint) => fatal(hint),
                None => {
                    let hint = for_this_request(&self.message, &self.code).to_owned();
                    Failure::Rejected(reason, hint)
                }
            },
            _ => fatal("the server leads elsewhere: set OPENAI_BASE_URL to its final address"),
        }
    }
}

/// Whether an error is there and says something.
fn is_said(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// Errors of a form, field by field: `body.seed: extra inputs are not permitted`.
fn details(detail: &Value) -> Option<String> {
    let each = detail.as_array()?.iter().map(|one| {
        let place = one["loc"].as_array().map_or(Vec::new(), |place| {
            place.iter().map(|part| part.as_str().map_or(part.to_string(), str::to_owned)).collect()
        });
        format!("{}: {}", place.join("."), one["msg"].as_str().unwrap_or_default())
    });
    Some(each.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty())
}

/// The status that a code stands for.
fn status_of(code: &str) -> Option<u16> {
    match code.parse::<u32>() {
        Ok(status @ 300..=599) => u16::try_from(status).ok(),
        // Some servers number their own errors within a status.
        Ok(own @ 40_000..=59_999) => u16::try_from(own / 10_000 * 100).ok(),
        Ok(_) => None,
        Err(_) => match code.to_lowercase().as_str() {
            "insufficient_quota"
            | "rate_limit_exceeded"
            | "rate_limit_error"
            | "resource_exhausted"
            | "too_many_requests" => Some(429),
            "invalid_api_key" | "authentication_error" | "unauthorized" | "unauthenticated" => Some(401),
            "permission_error" | "permission_denied" => Some(403),
            "billing_error" => Some(402),
            "model_not_found" | "not_found_error" | "not_found" => Some(404),
            "invalid_request_error"
            | "context_length_exceeded"
            | "badrequesterror"
            | "unsupported_parameter"
            | "unsupported_value"
            | "invalid_argument" => Some(400),
            "overloaded_error" | "unavailable" | "server_overloaded" => Some(503),
            "server_error" | "internal_error" | "api_error" => Some(500),
            _ => None,
        },
    }
}
