//! Errors as clients read them.
//!
//! # Source
//! RFC 9457 (problem details); `field` is our extension member and names the part of the request that is meant.

use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serving::ServingError;

/// A refused request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    field: Option<String>,
    retry_after_seconds: Option<u32>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl Problem {
    /// A problem of this kind.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), field: None, retry_after_seconds: None }
    }

    /// How HTTP calls it.
    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// One part of the request cannot be used.
    pub(crate) fn field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// The same, of this part of the request.
    pub(crate) fn about(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// There is no such thing.
    pub(crate) fn absent(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// More is asked for than can be done; later it can.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self { retry_after_seconds: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// What should have worked did not; the log says more.
    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!("{error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server could not do this; its log says why")
    }

    /// What the store refused; later it may not.
    pub(crate) fn store(error: &StoreError) -> Self {
        match error {
            StoreError::Busy => Self::busy(error.to_string()),
            StoreError::Late => Self::busy(error.to_string()),
            // The store's own thread says why, once and not for every request.
            StoreError::Failed(_) | StoreError::Redis { .. } => {
                tracing::debug!("{error}");
                Self::busy("the store cannot be used at the moment")
            }
            _ => Self::internal(error),
        }
    }

    /// What ranking refused about a part of the request.
    pub(crate) fn ranking(field: &str, error: &ServingError) -> Self {
        match error {
            ServingError::NoSuchCategory(_) => Self::field("categories", error.to_string()),
            ServingError::Rating { .. } | ServingError::NoSuchItem { .. } => {
                Self::field(field, error.to_string())
            }
            _ => Self::internal(error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Problem"),
            status: self.status.as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (self.status, text).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
