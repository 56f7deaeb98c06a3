//! What happens to every request: an id, a key check, a deadline, a count and a line in the log.

use crate::Config;
use crate::clock::{now_millis, random_id};
use crate::hosts::{self, Door};
use crate::keys::Scope;
use crate::metrics::Seen;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;
use std::time::Instant;
use tower_http::cors::CorsLayer;

/// The id of a request, the client's own where it sent a usable one.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const LONGEST_ID: usize = 64;
/// Pages load nothing from elsewhere and run no script that is not a file of ours.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Runs a request within its bounds.
pub(crate) async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = match authorise(&app, &request) {
        Err(mut response) => {
            // Who is refused keeps no connection.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            *response
        }
        Ok(()) => match tokio::time::timeout(app.config.limits.deadline, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Problem::busy("the request took longer than its deadline").into_response(),
        },
    };
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let took = started.elapsed();
    let micros = took.as_micros() as u64;
    // Never the path itself: the id of a session opens it.
    let seen = Seen { time_millis: now_millis(), method, path: route.clone(), status, micros };
    if let Some(log) = &app.config.access_log {
        log.write(&id, &seen);
    }
    app.metrics.count(&route, took, seen);
    response
}

fn request_id(headers: &HeaderMap) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable = sent.filter(|id| !id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(is_plain));
    usable.map_or_else(|| random_id().unwrap_or_default(), str::to_owned)
}

/// Lets a request pass, or says what is missing. Health is everybody's business.
fn authorise(app: &App, request: &Request) -> Result<(), Box<Response>> {
    let (config, headers, path) = (&app.config, request.headers(), request.uri().path());
    let door = request.extensions().get::<Door>().copied().unwrap_or(Door::Public);
    let named = hosts::named(config, door, request, hosts::peer(request));
    let named = named.map_err(|problem| Box::new(problem.into_response()))?;
    let asked = asked(path);
    if asked == Some(Scope::Admin) {
        check_door(config, door, headers)?;
    }
    let is_welcome = || asked != Some(Scope::Admin) && is_welcome(headers, &config.origins);
    if named.is_foreign(&config.sites, headers) && !is_welcome() {
        return Err(forbidden("pages of other sites may not call this server"));
    }
    let Some(asked) = asked else { return Ok(()) };
    if config.keys.is_empty() || (is_preflight(request) && asked != Scope::Admin) {
        return Ok(());
    }
    match sent_key(headers).and_then(|key| config.keys.scope(&key)) {
        Some(scope) if scope >= asked => Ok(()),
        Some(_) if asked == Scope::Admin => Err(forbidden("this key is not one for administration")),
        Some(_) => Err(forbidden("this key is not one for the console")),
        None => {
            let detail = "a key is needed: `Authorization: Bearer KEY`, or `x-api-key: KEY`; in a browser, any name and the key as the password";
            let mut response = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
            let challenge = HeaderValue::from_static(
                "Basic realm=\"ilrec: any name, and the key as the password\", charset=\"UTF-8\"",
            );
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            Err(Box::new(response))
        }
    }
}

/// What a key has to be for, to open a path; nothing where none is needed.
fn asked(path: &str) -> Option<Scope> {
    let is_beneath =
        |base: &str| path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if path.starts_with("/health/") {
        None
    } else if is_beneath("/admin") {
        Some(Scope::Admin)
    } else if path == "/" || (is_beneath("/console") && !is_beneath("/console/assets")) {
        Some(Scope::Console)
    } else {
        Some(Scope::Api)
    }
}

/// Whether administration is behind this door. Without keys it is behind its own alone, and for nobody whose request was
/// passed on: a proxy on this machine looks like a person at it.
fn check_door(config: &Config, door: Door, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let detail = match (config.keys.is_empty(), config.admin) {
        (true, None) => {
            "without keys there is no administration: start the server with --keys FILE or --admin-addr 127.0.0.1:PORT"
        }
        (_, Some(_)) if door == Door::Public => "administration is at the address of --admin-addr",
        (true, Some(_)) if hosts::is_passed_on(headers) => {
            "without keys, administration is for nobody behind a proxy"
        }
        _ => return Ok(()),
    };
    Err(forbidden(detail))
}

fn forbidden(detail: &str) -> Box<Response> {
    Box::new(Problem::new(StatusCode::FORBIDDEN, detail).into_response())
}

/// Whether a browser asks what a page may send; it sends no key with that.
fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether it is a site that the configuration names.
fn is_welcome(headers: &HeaderMap, origins: &[HeaderValue]) -> bool {
    headers.get(header::ORIGIN).is_some_and(|origin| origins.contains(origin))
}

/// What browsers are told about pages of these sites.
pub(crate) fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let own = [header::CONTENT_TYPE, header::AUTHORIZATION, API_KEY, REQUEST_ID];
    let told = [REQUEST_ID, header::RETRY_AFTER];
    let methods = [Method::GET, Method::POST];
    CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods(methods)
        .allow_headers(own)
        .expose_headers(told)
}

/// The key of a request: a bearer token, its own header, or the password of a browser's dialogue.
fn sent_key(headers: &HeaderMap) -> Option<String> {
    if let Some(key) = headers.get(API_KEY) {
        return key.to_str().ok().map(str::to_owned);
    }
    let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(from_base64(rest.trim())?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

/// Decodes base64 with or without padding.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut n_bits, mut out) = (0u32, 0u32, Vec::new());
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xFFFF;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            out.push((bits >> n_bits) as u8);
        }
    }
    Some(out)
}
