//! Reading what a client sent, and saying which part of it cannot be used.

use crate::problem::Problem;
use crate::state::App;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use std::error::Error as _;
use std::sync::Arc;

/// A JSON body that is an object. Members in their order, as an array, are none: serde would take them for one.
#[derive(Debug)]
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, app).await?;
        match bytes.0.trim_ascii_start().first() {
            Some(b'[') => Err(Problem::field(".", "an object is expected, not an array")),
            _ => parse(&bytes.0).map(Self),
        }
    }
}

/// A JSON body that is an array.
#[derive(Debug)]
pub(crate) struct SentAll<T>(pub(crate) Vec<T>);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for SentAll<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        parse(&Bytes::from_request(request, app).await?.0).map(Self)
    }
}

/// A body that says it is JSON, within the bounds of length and time.
struct Bytes(axum::body::Bytes);

impl FromRequest<Arc<App>> for Bytes {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let detail = "the body must be JSON, with `Content-Type: application/json`";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let most = app.config.limits.body_bytes;
        let announced = request.headers().get(header::CONTENT_LENGTH);
        let length: Option<usize> = announced.and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        let too_long =
            || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a body may have {most} bytes at most"));
        if length.is_some_and(|length| length > most) {
            return Err(too_long());
        }
        let patience = app.config.limits.deadline.mul_f32(SHARE_FOR_BODY);
        let read = axum::body::to_bytes(request.into_body(), most);
        let bytes = tokio::time::timeout(patience, read).await.map_err(|_| too_slow())?;
        bytes.map(Self).map_err(|error| unreadable(&error, too_long()))
    }
}

/// The share of a request's time that its body may take: who sends it too slowly hears of it before the deadline.
const SHARE_FOR_BODY: f32 = 0.8;

fn too_slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive")
}

/// Too long, or broken off, or badly chunked.
fn unreadable(error: &axum::Error, too_long: Problem) -> Problem {
    let is_long = error.source().is_some_and(|source| source.is::<LengthLimitError>());
    if is_long {
        too_long
    } else {
        Problem::new(StatusCode::BAD_REQUEST, "the body cannot be read to its end")
    }
}

/// Reads JSON; what has no meaning is named by its place.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (field, inner) = (error.path().to_string(), error.inner());
        match inner.classify() {
            serde_json::error::Category::Data => Problem::field(field, inner.to_string()),
            _ => Problem::new(StatusCode::BAD_REQUEST, format!("the body is not JSON: {inner}")),
        }
    })?;
    reader.end().map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, format!("the body is not one JSON value: {error}"))
    })?;
    Ok(value)
}

/// The parameters behind the question mark.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, app).await;
        read.map(|Query(value)| Self(value)).map_err(|error| Problem::field("query", error.body_text()))
    }
}

/// The variable part of the path.
#[derive(Debug)]
pub(crate) struct At<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let read = Path::<T>::from_request_parts(parts, app).await;
        read.map(|Path(value)| Self(value)).map_err(|error| Problem::absent(error.body_text()))
    }
}
