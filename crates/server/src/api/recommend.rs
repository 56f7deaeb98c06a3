//! `POST /v1/recommend`.

use super::body::Sent;
use super::worth::{HistoryRow, rated};
use crate::answer::{self, Slate, SlateItem};
use crate::clock::{now_millis, random_u64};
use crate::guard::RequestId;
use crate::live::interactions;
use crate::problem::Problem;
use crate::state::App;
use crate::store::{Event, Record, Shown};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serving::{Request, Selection, Served, ServingError};
use std::sync::Arc;

/// The body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    session: Option<String>,
    #[serde(default)]
    history: Vec<HistoryRow>,
    k: Option<usize>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    exploration: Option<bool>,
    seed: Option<Seed>,
}

/// A number, or the text that an answer had.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Seed {
    Number(u64),
    Text(String),
}

/// A slate without saying how long.
const USUAL_LENGTH: usize = 10;

/// The next items, for a history or for a session.
pub(crate) async fn recommend(
    State(app): State<Arc<App>>,
    Extension(RequestId(id)): Extension<RequestId>,
    Sent(wanted): Sent<Wanted>,
) -> Result<Json<Slate>, Problem> {
    let served = app.policies.current();
    let request = checked(&app, &served, &wanted)?;
    if wanted.session.is_some() && !wanted.history.is_empty() {
        return Err(Problem::field("history", "a session has its history already"));
    }
    let selection = request.selection;
    let seed = request.seed.to_string();
    let items = match &wanted.session {
        Some(session) => for_session(&app, &served, session, request, &id).await?,
        None => for_history(&app, &served, &wanted.history, request).await?,
    };
    app.metrics.show(items.iter().map(|one| one.item.id.as_str()));
    let exploration = selection.is_some_and(answer::explores);
    let policy = served.hash().to_owned();
    Ok(Json(Slate { policy, request: id, session: wanted.session, exploration, seed, items }))
}

/// The request with items by row; how items are chosen is said in any case.
fn checked(app: &App, served: &Served, wanted: &Wanted) -> Result<Request, Problem> {
    let most = app.config.limits.k;
    let k = wanted.k.unwrap_or(USUAL_LENGTH);
    if !(1..=most).contains(&k) {
        return Err(Problem::field("k", format!("k is from 1 to {most}")));
    }
    let most = app.config.limits.history;
    if wanted.exclude.len() > most || wanted.categories.len() > most {
        return Err(Problem::field("exclude", format!("at most {most} entries")));
    }
    let row = |(at, name): (usize, &String)| {
        let unknown = || Problem::field(format!("exclude[{at}]"), "there is no such item");
        served.find(name).ok_or_else(unknown)
    };
    let seed = match &wanted.seed {
        None => random_u64().map_err(|error| Problem::internal(&error))?,
        Some(Seed::Number(seed)) => *seed,
        Some(Seed::Text(text)) => {
            text.parse().map_err(|_| Problem::field("seed", "a seed is a whole number from 0 on"))?
        }
    };
    let selection = match wanted.exploration {
        Some(true) => Selection::Sample,
        Some(false) => Selection::Greedy,
        None => served.usual_selection(),
    };
    Ok(Request {
        k,
        exclude: wanted.exclude.iter().enumerate().map(row).collect::<Result<_, _>>()?,
        categories: wanted.categories.clone(),
        selection: Some(selection),
        seed,
    })
}

async fn for_history(
    app: &App,
    served: &Arc<Served>,
    history: &[HistoryRow],
    request: Request,
) -> Result<Vec<SlateItem>, Problem> {
    let history = rated(served, history, app.config.limits.history)?;
    let served = served.clone();
    let job = move || {
        let session = served.start(&interactions(&served, &history))?;
        Ok(answer::items(&served, &served.recommend(&session, &request)?))
    };
    let ranked: Result<_, ServingError> = app.pool.run(app.deadline(), job).await?;
    ranked.map_err(|error| Problem::ranking("history", &error))
}

/// What is shown in a session is kept before it is shown: its propensities are needed when feedback comes.
async fn for_session(
    app: &Arc<App>,
    served: &Arc<Served>,
    id: &str,
    request: Request,
    request_id: &str,
) -> Result<Vec<SlateItem>, Problem> {
    let mut live = app.sessions.get(&app.store, id).await?;
    if live.has_left {
        return Err(Problem::new(StatusCode::CONFLICT, "the user has left this session"));
    }
    let policy = served.clone();
    let job = move || {
        let state = live.state(&policy);
        let items = state.and_then(|state| policy.recommend(state, &request));
        (items.map(|slate| answer::items(&policy, &slate)), live)
    };
    let (ranked, mut live) = app.pool.run(app.deadline(), job).await?;
    let items = ranked.map_err(|error| Problem::ranking("session", &error))?;
    let shown = |one: &SlateItem| Shown { item: one.item.id.clone(), propensity: one.propensity };
    let event = Event::Shown {
        request: request_id.to_owned(),
        policy: served.hash().to_owned(),
        items: items.iter().map(shown).collect(),
    };
    let record = Record { session: id.to_owned(), time_millis: now_millis(), event };
    let take_in = move |records: &[Record]| records.iter().for_each(|record| live.apply(&record.event));
    app.keep_then(vec![record], take_in).await?;
    Ok(items)
}
