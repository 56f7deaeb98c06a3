//! Reading what a client sent, and saying which part of it cannot be used.

use crate::problem::Problem;
use crate::state::App;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use http_body_util::LengthLimitError;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::error::Error as _;
use std::marker::PhantomData;
use std::sync::Arc;

/// A JSON body that is an object.
#[derive(Debug)]
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        parse(&Bytes::from_request(request, app).await?.0).map(|Object(value)| Self(value))
    }
}

/// A JSON body that is an array of objects.
#[derive(Debug)]
pub(crate) struct SentAll<T>(pub(crate) Vec<T>);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for SentAll<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let objects: Vec<Object<T>> = parse(&Bytes::from_request(request, app).await?.0)?;
        Ok(Self(objects.into_iter().map(|Object(value)| value).collect()))
    }
}

/// A value that is written as an object. Its members in their order, as an array, are none: serde would take them for one.
#[derive(Clone, Debug)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
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

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        let read = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
        read.map(Self).map_err(|error| Problem::field(error.path().to_string(), error.inner().to_string()))
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
