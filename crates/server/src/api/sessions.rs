//! `POST /v1/sessions` and `GET /v1/sessions/{id}`.

use super::body::{Asked, At, Id, Sent};
use super::worth::{self, HistoryRow};
use crate::answer::{self, ItemAnswer};
use crate::clock::{now_millis, random_id};
use crate::live_session::LiveSession;
use crate::problem::Problem;
use crate::state::App;
use crate::store::{Event, Rated, Record};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serving::Served;
use std::sync::Arc;

/// The body of a start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    user: Option<Id>,
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
    /// What of the history it was started with is not in the catalogue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown: Vec<String>,
    /// How many steps there are, of which this may be a part.
    n_steps: usize,
    /// Where the next part begins (`?after=`), where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
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
    let user = start.user.map(|Id(user)| user);
    if user.as_ref().is_some_and(|user| user.len() > LONGEST_USER || user.is_empty()) {
        return Err(Problem::field("user", format!("a user has 1 to {LONGEST_USER} bytes")));
    }
    let id = random_id().map_err(|error| Problem::internal(&error))?;
    let served = app.policies.assigned(user.as_deref().unwrap_or(&id)).served;
    let most = app.config.limits.history;
    let worth::History { rated: history, unknown } = worth::history(&served, &start.history, most)?;
    let event = Event::Started { user, history };
    let record = Record { session: id.clone(), time_millis: now_millis(), event };
    let live = LiveSession::replayed(std::slice::from_ref(&record));
    app.keep(vec![record]).await?;
    let live = live.ok_or_else(|| Problem::internal(&"a session that started did not start"))?;
    let answer = SessionAnswer { unknown, ..answered(&served, &id, &live, &Page::default()) };
    app.sessions.insert(&id, live);
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Which part of the steps.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Page {
    /// How many of the first steps are left out.
    after: usize,
    limit: Option<usize>,
}

/// The most steps at once.
const MOST_STEPS: usize = 10_000;

/// A session with what happened in it, in pages where that is asked for. It is put together where no other request is held
/// up by it.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    At(id): At<String>,
    Asked(page): Asked<Page>,
) -> Result<Response, Problem> {
    if page.limit.is_some_and(|limit| !(1..=MOST_STEPS).contains(&limit)) {
        return Err(Problem::field("limit", format!("limit is from 1 to {MOST_STEPS}")));
    }
    let live = app.sessions.get(&app.reading, &id).await?;
    let written = tokio::task::spawn_blocking(move || {
        let served = app.policies.assigned(live.key(&id)).served;
        serde_json::to_vec(&answered(&served, &id, &live, &page))
    });
    let text = written.await.map_err(|error| Problem::internal(&error))?;
    let text = text.map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// Items that the present catalogue does not have keep their ids alone.
fn answered(served: &Served, id: &str, live: &LiveSession, page: &Page) -> SessionAnswer {
    let named = |id: &String| match served.row(id) {
        Some(row) => answer::item(served, row),
        None => ItemAnswer { id: id.clone(), title: String::new(), categories: Vec::new() },
    };
    let history =
        live.history.iter().map(|Rated { item, rating }| RatedAnswer { item: named(item), rating: *rating });
    let steps = live.answers.iter().skip(page.after).take(page.limit.unwrap_or(MOST_STEPS));
    let steps: Vec<StepAnswer> = steps
        .map(|answer| StepAnswer {
            item: named(&answer.item),
            reward: answer.reward,
            left: answer.left,
            propensity: answer.propensity,
        })
        .collect();
    let end = page.after.saturating_add(steps.len());
    SessionAnswer {
        id: id.to_owned(),
        user: live.user.clone(),
        started_millis: live.started_millis,
        policy: served.hash().to_owned(),
        left: live.has_left,
        history: history.collect(),
        n_steps: live.answers.len(),
        next: (end < live.answers.len()).then_some(end),
        unknown: Vec::new(),
        steps,
    }
}
