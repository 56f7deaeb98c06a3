//! `POST /v1/sessions` and `GET /v1/sessions/{id}`.

use super::body::{At, Sent};
use super::worth::{HistoryRow, rated};
use crate::answer::{self, ItemAnswer};
use crate::clock::{now_millis, random_id};
use crate::live::Live;
use crate::problem::Problem;
use crate::state::App;
use crate::store::{Event, Rated, Record};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serving::Served;
use std::sync::Arc;

/// The body of a start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    user: Option<String>,
    #[serde(default)]
    history: Vec<HistoryRow>,
}

/// A session as clients read it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SessionAnswer {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    started_millis: u64,
    policy: String,
    left: bool,
    history: Vec<RatedAnswer>,
    steps: Vec<StepAnswer>,
}

#[derive(Clone, Debug, Serialize)]
struct RatedAnswer {
    #[serde(flatten)]
    item: ItemAnswer,
    rating: f32,
}

#[derive(Clone, Debug, Serialize)]
struct StepAnswer {
    #[serde(flatten)]
    item: ItemAnswer,
    reward: f32,
    left: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    propensity: Option<f32>,
}

/// The longest name of a user.
pub(crate) const LONGEST_USER: usize = 200;

/// Starts a session; it is kept before it is answered.
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    Sent(start): Sent<Start>,
) -> Result<(StatusCode, Json<SessionAnswer>), Problem> {
    if start.user.as_ref().is_some_and(|user| user.len() > LONGEST_USER || user.is_empty()) {
        return Err(Problem::field("user", format!("a user has 1 to {LONGEST_USER} bytes")));
    }
    let id = random_id().map_err(|error| Problem::internal(&error))?;
    let served = app.policies.assigned(start.user.as_deref().unwrap_or(&id)).served;
    let history = rated(&served, &start.history, app.config.limits.history)?;
    let event = Event::Started { user: start.user, history };
    let record = Record { session: id.clone(), time_millis: now_millis(), event };
    let live = Live::replayed(std::slice::from_ref(&record));
    app.keep(vec![record]).await?;
    let live = live.ok_or_else(|| Problem::internal(&"a session that started did not start"))?;
    let answer = answered(&served, &id, &live);
    app.sessions.insert(&id, live);
    Ok((StatusCode::CREATED, Json(answer)))
}

/// A session with what happened in it.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    At(id): At<String>,
) -> Result<Json<SessionAnswer>, Problem> {
    let live = app.sessions.get(&app.store, &id).await?;
    let served = app.policies.assigned(live.key(&id)).served;
    Ok(Json(answered(&served, &id, &live)))
}

/// Items that the present catalogue does not have keep their ids alone.
fn answered(served: &Served, id: &str, live: &Live) -> SessionAnswer {
    let named = |id: &String| match served.row(id) {
        Some(row) => answer::item(served, row),
        None => ItemAnswer { id: id.clone(), title: String::new(), categories: Vec::new() },
    };
    let history =
        live.history.iter().map(|Rated { item, rating }| RatedAnswer { item: named(item), rating: *rating });
    let steps = live.answers.iter().map(|answer| StepAnswer {
        item: named(&answer.item),
        reward: answer.reward,
        left: answer.left,
        propensity: answer.propensity,
    });
    SessionAnswer {
        id: id.to_owned(),
        user: live.user.clone(),
        started_millis: live.started_millis,
        policy: served.hash().to_owned(),
        left: live.has_left,
        history: history.collect(),
        steps: steps.collect(),
    }
}
