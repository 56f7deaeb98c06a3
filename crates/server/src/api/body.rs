//! Reading what a client sent, and saying which part of it cannot be used.

use crate::budget::Held;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
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

/// An id as clients send it: a text, or a whole number, which is taken for its decimal text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrNumber)
    }
}

struct TextOrNumber;

impl Visitor<'_> for TextOrNumber {
    type Value = Id;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an id as text, or as a whole number of 64 bits at most")
    }

    fn visit_str<E>(self, text: &str) -> Result<Id, E> {
        Ok(Id(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Id, E> {
        Ok(Id(text))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Id, E> {
        Ok(Id(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Id, E> {
        Ok(Id(number.to_string()))
    }
}

/// A body that says it is JSON, within the bounds of length and time.
struct Bytes(Vec<u8>);

impl FromRequest<Arc<App>> for Bytes {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let detail = "the body must be JSON, with `Content-Type: application/json`";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        check_encoding(request.headers())?;
        let most = app.config.limits.body_bytes;
        let announced = request.headers().get(header::CONTENT_LENGTH);
        let length: Option<usize> = announced.and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        let too_long =
            || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a body may have {most} bytes at most"));
        if length.is_some_and(|length| length > most) {
            return Err(too_long());
        }
        let patience = app.config.limits.deadline.mul_f32(SHARE_FOR_BODY);
        let read = read(request.into_body(), most, app.bodies.nothing());
        match tokio::time::timeout(patience, read).await {
            Ok(Ok(bytes)) => Ok(Self(bytes)),
            Ok(Err(Unread::Long)) => Err(too_long()),
            Ok(Err(Unread::Full)) => Err(Problem::busy("too many bodies of other requests are being read")),
            Ok(Err(Unread::Broken)) => {
                Err(Problem::new(StatusCode::BAD_REQUEST, "the body cannot be read to its end"))
            }
            Err(_) => Err(too_slow()),
        }
    }
}

/// A body is read as it is sent: one that was compressed on the way is not.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let all = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut codings = all.flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim);
    match codings.find(|coding| !coding.eq_ignore_ascii_case("identity")) {
        None => Ok(()),
        Some(coding) => {
            let shown: String = coding.chars().take(40).collect();
            let detail = format!("a body with `Content-Encoding: {shown}` is not read: send it as it is");
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
        }
    }
}

/// Why a body was not read.
enum Unread {
    Long,
    Broken,
    /// Those of all clients are as much as may be held.
    Full,
}

async fn read(mut body: axum::body::Body, most: usize, mut held: Held) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if bytes.len() + part.len() > most {
            return Err(Unread::Long);
        }
        if !held.add(part.len()) {
            return Err(Unread::Full);
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// The share of a request's time that its body may take: who sends it too slowly hears of it before the deadline.
const SHARE_FOR_BODY: f32 = 0.8;

fn too_slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive")
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
