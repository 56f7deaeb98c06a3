//! One attempt: a request goes out, bytes or a reason come back.

use std::io::Read as _;
use std::time::{Duration, SystemTime};

use ureq::http::{HeaderMap, Response, header};
use ureq::{Agent, Body, Error, Timeout};

use super::retry::asked_pause;
use super::stream::as_json;
use super::verdict::Said;
use super::{Endpoint, HttpSettings};
use crate::LlmError;

/// How much of an error's body is read.
const ERROR_BYTES: u64 = 64 << 10;

/// Why an attempt gave nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server is not there.
    Unreachable(String),
    /// The server did not work on it; it may ask for a pause.
    Refused(String, Option<Duration>),
    /// The server may have worked on it, and may want to be paid, but the answer cannot be had.
    Lost(String),
    /// As lost, because no answer came in time.
    Late(String),
    /// This request will never be answered, and the server did not work on it; what to do about it.
    Rejected(String, String),
    /// It was answered, and has to be paid, but with nothing that can be used; another attempt would bring the same.
    Useless(LlmError),
    /// No request will be.
    Fatal(LlmError),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreachable(reason)
            | Self::Refused(reason, _)
            | Self::Lost(reason)
            | Self::Late(reason)
            | Self::Rejected(reason, _) => f.write_str(reason),
            Self::Fatal(error) | Self::Useless(error) => error.fmt(f),
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
    received(request.send(body), agent, endpoint, settings)
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
    received(request.call(), agent, endpoint, settings)
}

fn received(
    response: Result<Response<Body>, Error>,
    agent: &Agent,
    endpoint: &Endpoint,
    settings: &HttpSettings,
) -> Result<Vec<u8>, Failure> {
    let failed = |error: &Error| failure(error, agent, endpoint);
    let response = response.map_err(|error| failed(&error))?;
    if !response.status().is_success() {
        return Err(refusal(response, agent, endpoint));
    }
    let pause = pause_of(response.headers(), response.status().as_u16());
    let body = response.into_body().into_with_config().limit(settings.answer_bytes);
    let bytes = body.read_to_vec().map_err(|error| failed(&error))?;
    let bytes = as_json(bytes).map_err(Failure::Lost)?;
    match Said::within(&bytes, endpoint) {
        Some(said) => Err(Said { pause, ..said }.judged()),
        None => Ok(bytes),
    }
}

/// What an error of the connection means.
fn failure(error: &Error, agent: &Agent, endpoint: &Endpoint) -> Failure {
    let reason = endpoint.scrub_message(error.to_string());
    let away = || Failure::Unreachable(format!("{reason}{}", by_way_of(agent, endpoint)));
    match error {
        Error::HostNotFound | Error::ConnectionFailed | Error::ConnectProxyFailed(_) => away(),
        Error::Timeout(Timeout::Connect | Timeout::Resolve) => away(),
        Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => away(),
        Error::BodyExceedsLimit(bytes) => {
            let reason = format!("the answer is longer than {bytes} bytes");
            Failure::Useless(LlmError::Failed { reason })
        }
        Error::BadUri(_) | Error::Tls(_) | Error::Rustls(_) | Error::InvalidProxyUrl => {
            Failure::Fatal(LlmError::Unavailable {
                reason: format!("no connection: {reason}{}", by_way_of(agent, endpoint)),
                hint: "look at OPENAI_BASE_URL, the server's certificate and the proxy settings".to_owned(),
            })
        }
        Error::Timeout(_) => Failure::Late(reason),
        _ => Failure::Lost(reason),
    }
}

/// What a status that is no success means.
fn refusal(response: Response<Body>, agent: &Agent, endpoint: &Endpoint) -> Failure {
    let status = response.status().as_u16();
    let pause = pause_of(response.headers(), status);
    let mut body = Vec::new();
    // What came before the connection broke says enough.
    let _ = response.into_body().into_reader().take(ERROR_BYTES).read_to_end(&mut body);
    let is_whole = (body.len() as u64) < ERROR_BYTES;
    let mut said = Said { status: Some(status), pause, ..Said::read(&body, is_whole, endpoint) };
    // What a proxy says in the place of the server.
    if matches!(status, 407 | 502..=504) {
        said.message.push_str(&by_way_of(agent, endpoint));
    }
    said.judged()
}

/// The pause that a server asks for in the headers of a response.
fn pause_of(headers: &HeaderMap, status: u16) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    asked_pause(header, status, SystemTime::now())
}

/// The proxy that requests take, for messages; it is named without its password.
fn by_way_of(agent: &Agent, endpoint: &Endpoint) -> String {
    let Some(proxy) = agent.config().proxy() else { return String::new() };
    let address: Option<ureq::http::Uri> = endpoint.base().parse().ok();
    match address {
        Some(address) if !proxy.is_no_proxy(&address) => {
            let (host, port, server) = (proxy.host(), proxy.port(), address.host().unwrap_or_default());
            format!(" (by way of the proxy {host}:{port}; NO_PROXY={server} goes without it)")
        }
        _ => String::new(),
    }
}
