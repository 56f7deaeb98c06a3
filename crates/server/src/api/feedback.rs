//! `POST /v1/sessions/{id}/feedback` and `POST /v1/feedback`: what is answered with 200 is on disk.

use super::body::{At, Id, Sent, SentAll};
use super::worth::{Feedback, item_id, worth};
use crate::Arm;
use crate::clock::now_millis;
use crate::live_session::LiveSession;
use crate::problem::Problem;
use crate::state::App;
use crate::store::{Event, Record};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serving::Served;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

/// What a user answered to an item.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    item: Id,
    feedback: Option<Feedback>,
    rating: Option<f64>,
    event_id: Option<Id>,
}

/// The same with the session that it belongs to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToldOf {
    session: String,
    item: Id,
    feedback: Option<Feedback>,
    rating: Option<f64>,
    event_id: Option<Id>,
}

/// How much was kept; of one answer also how the item had been chosen, where it was.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Kept {
    kept: usize,
    /// Events of a name that was kept before.
    repeated: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arm: Option<Arm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    propensity: Option<f32>,
}

const LONGEST_EVENT_ID: usize = 64;

/// One answer.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    At(id): At<String>,
    Sent(told): Sent<Told>,
) -> Result<Json<Kept>, Problem> {
    let live = app.sessions.get(&app.reading, &id).await?;
    check_event_id("", &told)?;
    if told.event_id.as_ref().is_some_and(|Id(event)| live.has_event(event)) {
        return Ok(Json(Kept { repeated: 1, ..Kept::default() }));
    }
    if live.has_left {
        return Err(has_left());
    }
    if let Some(why) = live.is_full(&app.config.limits, 1, 1) {
        return Err(is_full(why));
    }
    let served = app.policies.assigned(live.key(&id)).served;
    let event = understood(&served, &live, "", told)?;
    let chosen = match &event {
        Event::Answered { policy, arm, propensity, .. } => {
            Kept { policy: policy.clone(), arm: *arm, propensity: *propensity, ..Kept::default() }
        }
        _ => Kept::default(),
    };
    let record = Record { session: id, time_millis: now_millis(), event };
    let sessions = [(record.session.clone(), Some(live))].into();
    let Json(Kept { kept, .. }) = keep(&app, vec![record], sessions, 0).await?;
    Ok(Json(Kept { kept, ..chosen }))
}

/// Many answers of many sessions: all are kept, or none.
pub(crate) async fn batch(
    State(app): State<Arc<App>>,
    SentAll(batch): SentAll<ToldOf>,
) -> Result<Json<Kept>, Problem> {
    let most = app.config.limits.batch;
    if batch.is_empty() || batch.len() > most {
        return Err(Problem::field(".", format!("a batch has 1 to {most} entries")));
    }
    let served = app.policies.current();
    // In order of their ids, so that two batches never wait for each other.
    let mut sessions: Locked = batch.iter().map(|told| (told.session.clone(), None)).collect();
    for (id, live) in &mut sessions {
        let at = batch.iter().position(|told| told.session == *id).unwrap_or_default();
        let named = |problem: Problem| problem.about(format!("[{at}].session"));
        *live = Some(app.sessions.get(&app.reading, id).await.map_err(named)?);
    }
    let (mut leaving, mut named) = (HashSet::new(), HashSet::new());
    let mut n_answers: HashMap<String, usize> = HashMap::new();
    let mut records = Vec::with_capacity(batch.len());
    let n_told = batch.len();
    for (at, ToldOf { session, item, feedback, rating, event_id }) in batch.into_iter().enumerate() {
        let Some(live) = sessions.get(&session).and_then(Option::as_ref) else { continue };
        let (place, told) = (format!("[{at}]."), Told { item, feedback, rating, event_id });
        check_event_id(&place, &told)?;
        if let Some(Id(event)) = &told.event_id
            && (live.has_event(event) || !named.insert((session.clone(), event.clone())))
        {
            continue;
        }
        if live.has_left || leaving.contains(&session) {
            return Err(has_left().about(format!("{place}session")));
        }
        let n_own = n_answers.entry(session.clone()).or_default();
        *n_own += 1;
        if let Some(why) = live.is_full(&app.config.limits, *n_own, *n_own) {
            return Err(is_full(why).about(format!("{place}session")));
        }
        if feedback == Some(Feedback::Leave) {
            leaving.insert(session.clone());
        }
        let event = understood(&served, live, &place, told)?;
        records.push(Record { session, time_millis: now_millis(), event });
    }
    let repeated = n_told - records.len();
    keep(&app, records, sessions, repeated).await
}

/// Sessions that nobody else works on meanwhile.
type Locked = BTreeMap<String, Option<OwnedMutexGuard<LiveSession>>>;

/// First to disk, then to memory, then the answer.
async fn keep(
    app: &Arc<App>,
    records: Vec<Record>,
    sessions: Locked,
    repeated: usize,
) -> Result<Json<Kept>, Problem> {
    let kept = records.len();
    if records.is_empty() {
        return Ok(Json(Kept { kept, repeated, ..Kept::default() }));
    }
    let metrics = app.clone();
    let take_in = move |records: &[Record]| {
        let mut sessions = sessions;
        for record in records {
            if let Some(Some(live)) = sessions.get_mut(&record.session) {
                live.apply(&record.event);
            }
            if let Event::Answered { reward, left, policy, arm, .. } = &record.event {
                metrics.metrics.answer(*reward, *left);
                if let Some(policy) = policy {
                    metrics.arms.answer(arm.unwrap_or(Arm::Champion), policy, *reward, *left);
                }
            }
        }
    };
    app.keep_then(records, take_in).await?;
    Ok(Json(Kept { kept, repeated, ..Kept::default() }))
}

fn has_left() -> Problem {
    Problem::new(StatusCode::CONFLICT, "the user has left this session")
}

/// A session that takes no more.
pub(super) fn is_full(why: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, why)
}

fn check_event_id(place: &str, told: &Told) -> Result<(), Problem> {
    let is_usable = |Id(id): &Id| !id.is_empty() && id.len() <= LONGEST_EVENT_ID;
    if told.event_id.as_ref().is_none_or(is_usable) {
        return Ok(());
    }
    let why = format!("an event's id has 1 to {LONGEST_EVENT_ID} bytes");
    Err(Problem::field(format!("{place}event_id"), why))
}

fn understood(served: &Served, live: &LiveSession, place: &str, told: Told) -> Result<Event, Problem> {
    // What was shown can be answered, also where another catalogue serves by now.
    let Id(item) = told.item;
    let item = match live.choice(&item) {
        Some(_) => item,
        None => item_id(served, &format!("{place}item"), &item)?,
    };
    let reward = worth(place, told.rating, told.feedback)?;
    let choice = live.choice(&item);
    Ok(Event::Answered {
        reward,
        left: told.feedback == Some(Feedback::Leave),
        propensity: choice.map(|choice| choice.propensity),
        policy: choice.map(|choice| choice.policy.clone()),
        arm: choice.and_then(|choice| choice.arm),
        item,
        event_id: told.event_id.map(|Id(id)| id),
    })
}
