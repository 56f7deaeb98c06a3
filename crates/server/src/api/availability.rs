//! `/admin/availability`: what cannot be had at the moment.

use super::body::{Id, Sent};
use super::worth::no_such_item;
use crate::availability::PLACE;
use crate::clock::now_millis;
use crate::problem::Problem;
use crate::state::App;
use crate::store::{Event, Record};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What changes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Change {
    withdraw: Vec<Id>,
    restore: Vec<Id>,
}

/// The ids of what is unavailable.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Unavailable {
    unavailable: Vec<String>,
}

/// The most items at once.
const MOST: usize = 10_000;

/// What is unavailable.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Json<Unavailable> {
    Json(Unavailable { unavailable: app.availability.ids() })
}

/// Withdraws and restores items, by id or title; kept before it is answered. Whatever is withdrawn has to be in a
/// catalogue that is served, so that a mistake in writing is seen; what is restored may be of an older one.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Sent(change): Sent<Change>,
) -> Result<Json<Unavailable>, Problem> {
    if change.withdraw.len() > MOST || change.restore.len() > MOST {
        return Err(Problem::field(".", format!("at most {MOST} items at once")));
    }
    let answering = app.policies.answering();
    let id_of =
        |name: &String| answering.iter().find_map(|served| Some(served.item(served.find(name)?)?.id.clone()));
    let named = |(at, Id(name)): (usize, &Id)| {
        id_of(name).ok_or_else(|| Problem::field(format!("withdraw[{at}]"), no_such_item(name)))
    };
    let withdrawn = change.withdraw.iter().enumerate().map(named).collect::<Result<_, _>>()?;
    let known = |Id(name): &Id| id_of(name).unwrap_or_else(|| name.clone());
    let event = Event::Availability { withdrawn, restored: change.restore.iter().map(known).collect() };
    let record = Record { session: PLACE.to_owned(), time_millis: now_millis(), event };
    let worker = app.clone();
    app.keep_then(vec![record], move |records| worker.availability.apply(records)).await?;
    Ok(show(State(app)).await)
}
