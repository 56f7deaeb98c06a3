//! `POST /v1/recommend`.

use super::body::{Id, Sent};
use super::feedback::is_full;
use super::sessions::LONGEST_USER;
use super::worth::{self, HistoryRow};
use crate::Arm;
use crate::answer::{self, Slate, SlateItem};
use crate::attributes::{Condition, Filter};
use crate::clock::{now_millis, random_u64};
use crate::experiment::Assigned;
use crate::live_session::interactions;
use crate::middleware::RequestId;
use crate::pool::Room;
use crate::problem::Problem;
use crate::shadow::{beside_history, beside_session};
use crate::state::App;
use crate::store::{Event, Rated, Record, Shown, Store};
use crate::user_history::{known, latest};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serving::{Request, Selection, Served, ServingError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    session: Option<String>,
    user: Option<Id>,
    #[serde(default)]
    history: Vec<HistoryRow>,
    k: Option<usize>,
    #[serde(default)]
    exclude: Vec<Id>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Condition>,
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

/// A slate, and what is said about it.
struct Ranked {
    assigned: Assigned,
    selection: Option<Selection>,
    seed: u64,
    known: Option<usize>,
    unknown: Vec<String>,
    items: Vec<SlateItem>,
}

/// The next items, for a session, or for a user and a history.
pub(crate) async fn recommend(
    State(app): State<Arc<App>>,
    Extension(RequestId(id)): Extension<RequestId>,
    _: Room,
    Sent(wanted): Sent<Wanted>,
) -> Result<Json<Slate>, Problem> {
    if wanted.session.is_some() && !wanted.history.is_empty() {
        return Err(Problem::field("history", "a session has its history already"));
    }
    if wanted.session.is_some() && wanted.user.is_some() {
        return Err(Problem::field("user", "a session has its user already"));
    }
    if wanted.user.as_ref().is_some_and(|Id(user)| user.is_empty() || user.len() > LONGEST_USER) {
        return Err(Problem::field("user", format!("a user has 1 to {LONGEST_USER} bytes")));
    }
    let ranked = match &wanted.session {
        Some(session) => for_session(&app, session, &wanted, &id).await?,
        None => for_history(&app, &wanted, &id).await?,
    };
    let Ranked { assigned, selection, seed, known, unknown, items } = ranked;
    app.metrics.show(items.iter().map(|one| one.item.id.as_str()));
    app.arms.show(assigned.arm.unwrap_or(Arm::Champion), assigned.served.hash(), items.len());
    Ok(Json(Slate {
        policy: assigned.served.hash().to_owned(),
        arm: assigned.arm,
        request: id,
        session: wanted.session,
        known,
        unknown,
        exploration: selection.is_some_and(answer::explores),
        seed: seed.to_string(),
        items,
    }))
}

/// A request that was understood, but for what takes as long as the catalogue is.
struct Checked {
    request: Request,
    filter: Filter,
}

impl Checked {
    /// The request with everything that may not be shown.
    fn complete(mut self, app: &App, served: &Served) -> Request {
        self.request.exclude.extend(app.availability.rows(served).iter());
        self.request.exclude.extend(app.config.attributes.without(served, &self.filter));
        self.request
    }
}

/// The request with items by row; how items are chosen is said in any case.
fn checked(app: &App, served: &Served, wanted: &Wanted) -> Result<Checked, Problem> {
    let most = app.config.limits.k;
    let k = wanted.k.unwrap_or(USUAL_LENGTH);
    if !(1..=most).contains(&k) {
        return Err(Problem::field("k", format!("k is from 1 to {most}")));
    }
    let most = app.config.limits.history;
    if wanted.exclude.len() > most || wanted.categories.len() > most {
        return Err(Problem::field("exclude", format!("at most {most} entries")));
    }
    let row = |(at, Id(name)): (usize, &Id)| {
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
    let exclude = wanted.exclude.iter().enumerate().map(row).collect::<Result<Vec<_>, _>>()?;
    let filter = app.config.attributes.filter(&wanted.attributes, most)?;
    let categories = wanted.categories.clone();
    Ok(Checked { request: Request { k, exclude, categories, selection: Some(selection), seed }, filter })
}

/// For what the store knows about the user, and the history that was sent.
async fn for_history(app: &Arc<App>, wanted: &Wanted, request_id: &str) -> Result<Ranked, Problem> {
    let user = wanted.user.as_ref().map(|Id(user)| user);
    let assigned = app.policies.assigned(user.map_or(request_id, String::as_str));
    let served = assigned.served.clone();
    let checked = checked(app, &served, wanted)?;
    let (selection, seed) = (checked.request.selection, checked.request.seed);
    let most = app.config.limits.history;
    let worth::History { rated: mut history, unknown } = worth::history(&served, &wanted.history, most)?;
    let mut n_known = None;
    if let Some(user) = user {
        let mut all = of_user(app, user, most).await?;
        n_known = Some(all.len());
        all.append(&mut history);
        history = latest(all, most);
    }
    let shadow = shadow(app, &assigned, wanted, seed).map(|shadow| (shadow, history.clone()));
    let worker = app.clone();
    let job = move || {
        let session = served.start(&interactions(&served, &history))?;
        let request = checked.complete(&worker, &served);
        Ok(answer::items(&served, &served.recommend(&session, &request)?))
    };
    let ranked: Result<_, ServingError> = app.pool.run(app.deadline(), job).await?;
    let items = ranked.map_err(|error| Problem::ranking("history", &error))?;
    if let Some(((shadow, request), history)) = shadow {
        let (app, shown) = (app.clone(), ids(&items));
        tokio::spawn(async move { beside_history(&app, shadow, history, (shown, request)).await });
    }
    Ok(Ranked { assigned, selection, seed, known: n_known, unknown, items })
}

fn ids(items: &[SlateItem]) -> Vec<String> {
    items.iter().map(|one| one.item.id.clone()).collect()
}

/// Who looks on, with the request in its own rows and with the seed of the one that answers.
fn shadow(app: &App, assigned: &Assigned, wanted: &Wanted, seed: u64) -> Option<(Arc<Served>, Request)> {
    let shadow = assigned.shadow.clone()?;
    match checked(app, &shadow, wanted) {
        Ok(checked) => {
            let request = checked.complete(app, &shadow);
            Some((shadow, Request { seed, ..request }))
        }
        Err(_) => {
            app.arms.skip(shadow.hash());
            None
        }
    }
}

/// What the store knows about a user.
async fn of_user(app: &Arc<App>, user: &str, most: usize) -> Result<Vec<Rated>, Problem> {
    /// Items are rated again, and of one item the latest rating counts; so more are read than are wanted.
    const RATINGS_PER_ITEM: usize = 4;
    let user = user.to_owned();
    let read = move |store: &dyn Store, until| {
        Ok(known(&store.of_user(&user, RATINGS_PER_ITEM * most, until)?, most))
    };
    app.reading.run(read).await
}

/// What is shown in a session is kept before it is shown: its propensities are needed when feedback comes.
async fn for_session(app: &Arc<App>, id: &str, wanted: &Wanted, request_id: &str) -> Result<Ranked, Problem> {
    let mut live = app.sessions.get(&app.reading, id).await?;
    if live.has_left {
        return Err(Problem::new(StatusCode::CONFLICT, "the user has left this session"));
    }
    if let Some(why) = live.is_full(&app.config.limits, 1, 0) {
        return Err(is_full(why));
    }
    let assigned = app.policies.assigned(live.key(id));
    let checked = checked(app, &assigned.served, wanted)?;
    let (selection, seed) = (checked.request.selection, checked.request.seed);
    let (policy, worker) = (assigned.served.clone(), app.clone());
    let job = move || {
        let request = checked.complete(&worker, &policy);
        let state = live.state(&policy);
        let items = state.and_then(|state| policy.recommend(state, &request));
        (items.map(|slate| answer::items(&policy, &slate)), live)
    };
    let (ranked, mut live) = app.pool.run(app.deadline(), job).await?;
    let items = ranked.map_err(|error| Problem::ranking("session", &error))?;
    let shown = |one: &SlateItem| Shown { item: one.item.id.clone(), propensity: one.propensity };
    let event = Event::Shown {
        request: request_id.to_owned(),
        policy: assigned.served.hash().to_owned(),
        items: items.iter().map(shown).collect(),
        arm: assigned.arm,
    };
    let record = Record { session: id.to_owned(), time_millis: now_millis(), event };
    let (shadow, shown, worker) = (shadow(app, &assigned, wanted, seed), ids(&items), app.clone());
    let take_in = move |records: &[Record]| {
        records.iter().for_each(|record| live.apply(&record.event));
        if let Some((shadow, request)) = shadow {
            tokio::spawn(async move { beside_session(&worker, shadow, live, (shown, request)).await });
        }
    };
    app.keep_then(vec![record], take_in).await?;
    Ok(Ranked { assigned, selection, seed, known: None, unknown: Vec::new(), items })
}
