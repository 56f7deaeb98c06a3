//! `/admin/policies`: which policy serves, another one in its place, and back.

use super::body::Sent;
use crate::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serving::{About, Served};
use std::path::PathBuf;
use std::sync::Arc;

/// Which artefact.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load {
    path: PathBuf,
}

/// The policies in memory.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Loaded {
    current: PolicyAnswer,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<PolicyAnswer>,
}

#[derive(Clone, Debug, Serialize)]
struct PolicyAnswer {
    hash: String,
    items: usize,
    demonstrations: usize,
    #[serde(flatten)]
    about: About,
}

/// What a change leaves in memory, in short: how policies were judged is told where it is asked for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Changed {
    current: PolicyInShort,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<PolicyInShort>,
}

#[derive(Clone, Debug, Serialize)]
struct PolicyInShort {
    hash: String,
    items: usize,
    demonstrations: usize,
    name: String,
    policy: String,
    parameter_hash: String,
}

/// What serves now, and what served before.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Json<Loaded> {
    let answer = |served: Arc<Served>| PolicyAnswer {
        hash: served.hash().to_owned(),
        items: served.n_items(),
        demonstrations: served.demonstrations().len(),
        about: served.about().clone(),
    };
    Json(Loaded { current: answer(app.policies.current()), previous: app.policies.previous().map(answer) })
}

/// Opens an artefact of this machine, checks and self-tests it, and swaps. A refused one changes nothing.
pub(crate) async fn load(
    State(app): State<Arc<App>>,
    Sent(load): Sent<Load>,
) -> Result<Json<Changed>, Problem> {
    let (worker, before) = (app.clone(), app.policies.current());
    let opened = tokio::task::spawn_blocking(move || worker.policies.load(&load.path)).await;
    let policy = opened
        .map_err(|error| Problem::internal(&error))?
        .map_err(|error| Problem::field("path", error.to_string()))?;
    if !Arc::ptr_eq(&before, &policy) {
        tracing::info!("policy {} serves now", policy.hash());
        app.metrics.swap();
        app.sessions.unbind();
    }
    Ok(changed(&app))
}

/// The policy before this one serves again.
pub(crate) async fn roll_back(State(app): State<Arc<App>>) -> Result<Json<Changed>, Problem> {
    let policy = app
        .policies
        .roll_back()
        .ok_or_else(|| Problem::new(StatusCode::CONFLICT, "there is no policy to go back to"))?;
    tracing::info!("policy {} serves again", policy.hash());
    app.metrics.swap();
    app.sessions.unbind();
    Ok(changed(&app))
}

fn changed(app: &App) -> Json<Changed> {
    let answer = |served: Arc<Served>| PolicyInShort {
        hash: served.hash().to_owned(),
        items: served.n_items(),
        demonstrations: served.demonstrations().len(),
        name: served.about().name.clone(),
        policy: served.about().policy.clone(),
        parameter_hash: served.about().parameter_hash.clone(),
    };
    Json(Changed { current: answer(app.policies.current()), previous: app.policies.previous().map(answer) })
}
