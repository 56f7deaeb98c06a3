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
    if let Some(why) = app.trouble() {
        return Err(Problem::busy(why));
    }
    Ok(Json(json!({ "status": "ready", "policy": app.policies.current().hash() })))
}

/// What Prometheus reads.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let text = app.metrics.text(app.policies.current().hash(), app.sessions.len())
        + &app.arms.text()
        + &refused(app.n_refused())
        + &store(&app);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

/// Whether the store works, and how large it is.
fn store(app: &App) -> String {
    let works = u8::from(app.health.is_good());
    let name = "ilrec_store_works";
    let mut text = format!(
        "# HELP {name} Whether the store could be written and read when it was last tried.\n# TYPE {name} gauge\n\
         {name} {works}\n"
    );
    if let Some(bytes) = app.store.bytes() {
        let name = "ilrec_store_bytes";
        text += &format!(
            "# HELP {name} Bytes of the store's files, or of all that its Redis server has in memory.\n\
             # TYPE {name} gauge\n{name} {bytes}\n"
        );
    }
    text
}

fn refused(count: u64) -> String {
    let name = "ilrec_policies_refused_total";
    format!(
        "# HELP {name} Artefacts of the watched folder that were refused.\n# TYPE {name} counter\n{name} {count}\n"
    )
}
