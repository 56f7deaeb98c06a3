//! `/admin/availability`: what cannot be had at the moment.

use super::body::Sent;
use super::worth::item_id;
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
    withdraw: Vec<String>,
    restore: Vec<String>,
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

/// Withdraws and restores items, by id or title; kept before it is answered. Whatever is withdrawn has to be in the
/// catalogue, so that a mistake in writing is seen; what is restored may be of an older one.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Sent(change): Sent<Change>,
) -> Result<Json<Unavailable>, Problem> {
    if change.withdraw.len() > MOST || change.restore.len() > MOST {
        return Err(Problem::field(".", format!("at most {MOST} items at once")));
    }
    let served = app.policies.current();
    let named = |(at, name): (usize, &String)| item_id(&served, &format!("withdraw[{at}]"), name);
    let withdrawn = change.withdraw.iter().enumerate().map(named).collect::<Result<_, _>>()?;
    let known = |name: &String| match served.find(name).and_then(|row| served.item(row)) {
        Some(item) => item.id.clone(),
        None => name.clone(),
    };
    let event = Event::Availability { withdrawn, restored: change.restore.iter().map(known).collect() };
    let record = Record { session: PLACE.to_owned(), time_millis: now_millis(), event };
    let worker = app.clone();
    app.keep_then(vec![record], move |records| worker.availability.apply(records)).await?;
    Ok(show(State(app)).await)
}
