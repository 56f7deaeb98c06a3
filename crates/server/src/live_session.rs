//! One session: what the store says about it, and its state under the policy that serves.

use crate::session_memory::SessionMemory;
use crate::store::{Event, Rated, Record};
use crate::{Arm, Limits};
use mdp::Interaction;
use serving::{Served, ServingError, Session};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A session in memory. Everything in it follows from its records and the policy.
#[derive(Debug)]
pub(crate) struct LiveSession {
    pub(crate) user: Option<String>,
    pub(crate) started_millis: u64,
    pub(crate) history: Vec<Rated>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) has_left: bool,
    /// How many events it was made from.
    pub(crate) n_events: usize,
    /// How many bytes its events have, about.
    pub(crate) weight: SessionMemory,
    is_buried: bool,
    shown: HashMap<String, Choice>,
    named: HashSet<String>,
    bound: Option<Bound>,
    /// The same for a policy that only looks on.
    shadow: Option<Bound>,
}

/// A policy, and the session's state under it.
type Bound = (Arc<Served>, Session);

/// What a user answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) item: String,
    pub(crate) reward: f32,
    pub(crate) left: bool,
    pub(crate) propensity: Option<f32>,
}

/// How an item was last chosen in this session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) propensity: f32,
    pub(crate) policy: String,
    pub(crate) arm: Option<Arm>,
}

impl LiveSession {
    /// Lives through the records of a session again; `None` where it never started.
    pub(crate) fn replayed(records: &[Record]) -> Option<Self> {
        let (first, rest) = records.split_first()?;
        let Event::Started { user, history } = &first.event else { return None };
        let mut live = Self {
            user: user.clone(),
            started_millis: first.time_millis,
            history: history.clone(),
            n_events: 1,
            is_buried: false,
            ..Self::buried()
        };
        live.weight.add(n_bytes(&first.event));
        rest.iter().for_each(|record| live.apply(&record.event));
        Some(live)
    }

    /// What stands in the place of a session that is forgotten.
    pub(crate) fn buried() -> Self {
        Self {
            user: None,
            started_millis: 0,
            history: Vec::new(),
            answers: Vec::new(),
            has_left: false,
            n_events: 0,
            weight: SessionMemory::default(),
            is_buried: true,
            shown: HashMap::new(),
            named: HashSet::new(),
            bound: None,
            shadow: None,
        }
    }

    /// Whether it was forgotten.
    pub(crate) fn is_buried(&self) -> bool {
        self.is_buried
    }

    /// Why a session takes no more: so many events, of which so many answers.
    pub(crate) fn is_full(&self, limits: &Limits, n_events: usize, n_answers: usize) -> Option<String> {
        let full = |got: usize, more: usize, most: usize, what: &str| {
            (got + more > most).then(|| {
                format!("a session has at most {most} {what}, and this one has {got}: start another one")
            })
        };
        full(self.answers.len(), n_answers, limits.session_answers, "answers")
            .or_else(|| full(self.n_events, n_events, limits.session_events, "events"))
            .or_else(|| full(self.weight.bytes(), 1, limits.session_bytes, "bytes"))
    }

    /// Takes in an event that is kept.
    pub(crate) fn apply(&mut self, event: &Event) {
        self.n_events += 1;
        self.weight.add(n_bytes(event));
        match event {
            Event::Started { .. } | Event::Availability { .. } => {}
            Event::Shown { policy, items, arm, .. } => {
                for shown in items {
                    let (propensity, policy) = (shown.propensity, policy.clone());
                    let choice = Choice { propensity, policy, arm: *arm };
                    self.shown.insert(shown.item.clone(), choice);
                }
            }
            Event::Answered { event_id: Some(id), .. } if !self.named.insert(id.clone()) => {}
            Event::Answered { item, reward, left, propensity, .. } => {
                for (served, session) in self.bound.iter_mut().chain(&mut self.shadow) {
                    take_in(served, session, item, *reward);
                }
                self.has_left |= left;
                let answer =
                    Answer { item: item.clone(), reward: *reward, left: *left, propensity: *propensity };
                self.answers.push(answer);
            }
        }
    }

    /// Whether an event of this name was taken in before.
    pub(crate) fn has_event(&self, id: &str) -> bool {
        self.named.contains(id)
    }

    /// Forgets the state under a policy; it is built again when it is asked for.
    pub(crate) fn unbind(&mut self) {
        (self.bound, self.shadow) = (None, None);
    }

    /// Who this is to experiments: the user where that is known, else the session.
    pub(crate) fn key<'a>(&'a self, session: &'a str) -> &'a str {
        self.user.as_deref().unwrap_or(session)
    }

    /// How an item was last chosen.
    pub(crate) fn choice(&self, item: &str) -> Option<&Choice> {
        self.shown.get(item)
    }

    /// The state under a policy; under another one than before it is built again from history and answers. Items that
    /// its catalogue does not have are passed over.
    ///
    /// # Errors
    /// When the policy refuses a record.
    pub(crate) fn state(&mut self, served: &Arc<Served>) -> Result<&Session, ServingError> {
        bind(&mut self.bound, served, (&self.history, &self.answers))
    }

    /// The state under a policy that only looks on.
    ///
    /// # Errors
    /// As [`LiveSession::state`].
    pub(crate) fn shadow_state(&mut self, served: &Arc<Served>) -> Result<&Session, ServingError> {
        bind(&mut self.shadow, served, (&self.history, &self.answers))
    }
}

/// About what an event takes in the store.
fn n_bytes(event: &Event) -> usize {
    /// Names of fields, numbers and the session's id.
    const ABOUT: usize = 120;
    const OF_ITEM: usize = 40;
    ABOUT
        + match event {
            Event::Started { history, .. } => history.iter().map(|rated| rated.item.len() + OF_ITEM).sum(),
            Event::Shown { items, .. } => items.iter().map(|shown| shown.item.len() + OF_ITEM).sum::<usize>(),
            Event::Answered { item, .. } => item.len() + OF_ITEM,
            Event::Availability { .. } => 0,
        }
}

fn bind<'a>(
    place: &'a mut Option<Bound>,
    served: &Arc<Served>,
    (history, answers): (&[Rated], &[Answer]),
) -> Result<&'a Session, ServingError> {
    let is_bound = place.as_ref().is_some_and(|(bound, _)| bound.hash() == served.hash());
    if !is_bound {
        let mut session = served.start(&interactions(served, history))?;
        for answer in answers {
            take_in(served, &mut session, &answer.item, answer.reward);
        }
        *place = Some((served.clone(), session));
    }
    let (_, session) = place.as_ref().ok_or(ServingError::NotANumber)?;
    Ok(session)
}

/// An answer was checked before it was kept; an item of another catalogue says nothing here.
fn take_in(served: &Served, session: &mut Session, item: &str, reward: f32) {
    let taken = served.row(item).map(|row| session.observe(row, reward));
    if let Some(Err(error)) = taken {
        tracing::warn!("an answer is passed over: {error}");
    }
}

/// A history as rows of the policy's catalogue.
pub(crate) fn interactions(served: &Served, history: &[Rated]) -> Vec<Interaction> {
    let rows = history.iter().zip(0i64..);
    let row = |(rated, time): (&Rated, i64)| {
        let item = served.row(&rated.item)?;
        Some(Interaction { item, rating: rated.rating, time })
    };
    rows.filter_map(row).collect()
}
