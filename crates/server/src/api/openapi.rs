//! `/openapi.json`.

use axum::http::header;
use axum::response::IntoResponse;

/// The description of all paths.
pub(crate) const DOCUMENT: &str = include_str!("../../assets/openapi.json");

/// Answers with it.
pub(crate) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
