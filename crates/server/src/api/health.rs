//! `/health/live`, `/health/ready` and `/metrics`.

use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::Arc;

/// The process runs.
pub(crate) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// Work may come this way.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Value>, Problem> {
    if !app.is_ready() {
        return Err(Problem::busy("the server is stopping"));
    }
    Ok(Json(json!({ "status": "ready", "policy": app.policies.current().hash() })))
}

/// What Prometheus reads.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let text = app.metrics.text(app.policies.current().hash(), app.sessions.len())
        + &app.arms.text()
        + &refused(app.n_refused());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

fn refused(count: u64) -> String {
    let name = "ilrec_policies_refused_total";
    format!(
        "# HELP {name} Artefacts of the watched folder that were refused.\n# TYPE {name} counter\n{name} {count}\n"
    )
}
