//! Which path leads where.

use crate::problem::Problem;
use crate::state::App;
use crate::{api, console, middleware};
use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{get, post};
use std::sync::Arc;

/// All routes of a server.
pub(crate) fn routes(app: &Arc<App>) -> Router {
    Router::new()
        .route("/health/live", get(api::health::live))
        .route("/health/ready", get(api::health::ready))
        .route("/metrics", get(api::health::metrics))
        .route("/openapi.json", get(api::openapi::document))
        .route("/docs", get(console::docs))
        .route("/admin/policies", get(api::admin::list).post(api::admin::load))
        .route("/admin/policies/rollback", post(api::admin::roll_back))
        .route(
            "/admin/experiment",
            get(api::experiment::show).post(api::experiment::start).delete(api::experiment::end),
        )
        .route("/admin/availability", get(api::availability::show).post(api::availability::change))
        .route("/", get(console::playground))
        .route("/console", get(console::playground))
        .route("/console/demonstrations", get(console::demonstrations))
        .route("/console/demonstrations/{number}", get(console::demonstration))
        .route("/console/runs", get(console::runs))
        .route("/console/coverage", get(console::coverage))
        .route("/console/traffic", get(console::traffic))
        .route("/console/traffic.json", get(console::traffic_data))
        .route("/console/assets/{name}", get(console::asset))
        .merge(open_routes(app))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(axum::middleware::from_fn_with_state(app.clone(), middleware::guard))
        .with_state(app.clone())
}

/// What pages of other sites may call where the configuration names them.
fn open_routes(app: &App) -> Router<Arc<App>> {
    let routes = Router::new()
        .route("/v1/recommend", post(api::recommend::recommend))
        .route("/v1/sessions", post(api::sessions::start))
        .route("/v1/sessions/{id}", get(api::sessions::show))
        .route("/v1/sessions/{id}/feedback", post(api::feedback::one))
        .route("/v1/feedback", post(api::feedback::batch))
        .route("/v1/items", get(api::items::list))
        .route("/v1/items/{id}", get(api::items::one))
        .route("/v1/items/{id}/similar", get(api::items::similar))
        .method_not_allowed_fallback(not_so);
    match app.config.origins.as_slice() {
        [] => routes,
        origins => routes.route_layer(middleware::cors(origins)),
    }
}

async fn nothing_here(uri: Uri) -> Problem {
    Problem::absent(format!("there is nothing at {}", uri.path()))
}

async fn not_so(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not answer {method}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
