//! One attempt: a request goes out, bytes or a reason come back.

use std::io::Read as _;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body, Error, Timeout};

use super::retry::retry_after;
use super::{Endpoint, HttpSettings};
use crate::LlmError;

/// How much of an error's body is read, and how much of it is shown.
const ERROR_BYTES: u64 = 64 << 10;
const ERROR_CHARACTERS: usize = 300;

/// Why an attempt gave nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server is not there.
    Unreachable(String),
    /// The server did not work on it; it may ask for a pause.
    Refused(String, Option<Duration>),
    /// The server may have worked on it, and may want to be paid, but the answer cannot be had.
    Lost(String),
    /// This request will never be answered, and the server did not work on it.
    Rejected(String),
    /// It was answered with more than is read.
    TooLong(String),
    /// No request will be.
    Fatal(LlmError),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreachable(reason)
            | Self::Refused(reason, _)
            | Self::Lost(reason)
            | Self::Rejected(reason)
            | Self::TooLong(reason) => f.write_str(reason),
            Self::Fatal(error) => error.fmt(f),
        }
    }
}

/// An agent for a server.
pub(crate) fn agent(endpoint: &Endpoint, settings: &HttpSettings) -> Agent {
    let n_connections = usize::from(settings.concurrency.get());
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(Duration::from_millis(settings.connect_timeout_ms)))
        .max_idle_connections(n_connections)
        .max_idle_connections_per_host(n_connections)
        .user_agent(concat!("ilrec/", env!("CARGO_PKG_VERSION")));
    let config = if endpoint.is_local() { config.proxy(None) } else { config };
    config.build().new_agent()
}

/// Sends a body to a service of the server; returns the bytes of a successful answer.
pub(crate) fn post(
    agent: &Agent,
    endpoint: &Endpoint,
    service: &str,
    body: &str,
    timeout: Duration,
    settings: &HttpSettings,
) -> Result<Vec<u8>, Failure> {
    let mut request = agent.post(endpoint.address(service)).content_type("application/json");
    if let Some(authorization) = endpoint.authorization() {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let request = request.config().timeout_global(Some(timeout)).build();
    received(request.send(body), endpoint, settings)
}

/// Asks a service of the server that needs no body.
pub(crate) fn get(
    agent: &Agent,
    endpoint: &Endpoint,
    service: &str,
    settings: &HttpSettings,
) -> Result<Vec<u8>, Failure> {
    let mut request = agent.get(endpoint.address(service));
    if let Some(authorization) = endpoint.authorization() {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let timeout = settings.attempt_timeout(Duration::ZERO);
    let request = request.config().timeout_global(Some(timeout)).build();
    received(request.call(), endpoint, settings)
}

fn received(
    response: Result<Response<Body>, Error>,
    endpoint: &Endpoint,
    settings: &HttpSettings,
) -> Result<Vec<u8>, Failure> {
    let response = response.map_err(|error| failure(&error, endpoint))?;
    if response.status().is_success() {
        let body = response.into_body().into_with_config().limit(settings.answer_bytes);
        return body.read_to_vec().map_err(|error| failure(&error, endpoint));
    }
    Err(refusal(response, endpoint))
}

/// What an error of the connection means.
fn failure(error: &Error, endpoint: &Endpoint) -> Failure {
    let reason = endpoint.scrub_message(error.to_string());
    match error {
        Error::HostNotFound | Error::ConnectionFailed | Error::ConnectProxyFailed(_) => {
            Failure::Unreachable(reason)
        }
        Error::Timeout(Timeout::Connect | Timeout::Resolve) => Failure::Unreachable(reason),
        Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => Failure::Unreachable(reason),
        Error::BodyExceedsLimit(bytes) => {
            Failure::TooLong(format!("the answer is longer than {bytes} bytes"))
        }
        Error::BadUri(_) | Error::Tls(_) | Error::Rustls(_) | Error::InvalidProxyUrl => {
            Failure::Fatal(LlmError::Unavailable {
                reason: format!("no connection: {reason}"),
                hint: "look at OPENAI_BASE_URL, the server's certificate and the proxy settings".to_owned(),
            })
        }
        _ => Failure::Lost(reason),
    }
}

/// What a status that is no success means.
fn refusal(response: Response<Body>, endpoint: &Endpoint) -> Failure {
    let status = response.status();
    let asked = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let asked = asked.and_then(|value| retry_after(value, SystemTime::now()));
    let mut body = Vec::new();
    // What came before the connection broke says enough.
    let _ = response.into_body().into_reader().take(ERROR_BYTES).read_to_end(&mut body);
    let (message, code) = message_of(&body, endpoint);
    let reason = format!("the server said {}{message}", status.as_u16());
    let fatal =
        |hint: &str| Failure::Fatal(LlmError::Unavailable { reason: reason.clone(), hint: hint.to_owned() });
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => fatal("look at OPENAI_API_KEY"),
        StatusCode::PAYMENT_REQUIRED => fatal("the account has no credit left"),
        StatusCode::TOO_MANY_REQUESTS if code == "insufficient_quota" => {
            fatal("the account has no credit left")
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            fatal("look at the model's name and at OPENAI_BASE_URL, which mostly ends in /v1")
        }
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::CONFLICT
        | StatusCode::TOO_EARLY => Failure::Refused(reason, asked),
        status if status.is_server_error() => Failure::Refused(reason, asked),
        status if status.is_client_error() => Failure::Rejected(reason),
        _ => fatal("the server leads elsewhere: set OPENAI_BASE_URL to its final address"),
    }
}

/// What an error's body says, made fit for one line, and its code. The key is taken out before anything is cut.
fn message_of(body: &[u8], endpoint: &Endpoint) -> (String, String) {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = &parsed["error"];
    let known = [&error["message"], error, &parsed["message"], &parsed["detail"]];
    let text = known.iter().find_map(|value| value.as_str()).map(str::to_owned);
    let text = text.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let is_whole = (body.len() as u64) < ERROR_BYTES;
    let text = if is_whole { endpoint.scrub_message(text) } else { endpoint.scrub_beginning(text) };
    let line: Vec<&str> =
        text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|w| !w.is_empty()).collect();
    let line: String = line.join(" ").chars().take(ERROR_CHARACTERS).collect();
    let message = if line.is_empty() { line } else { format!(": {line}") };
    (message, error["code"].as_str().unwrap_or_default().to_owned())
}
