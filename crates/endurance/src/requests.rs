//! What is asked: a slate for a history, or sessions with slates and feedback.

use crate::client::{Client, Status, Wire};
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::borrow::Cow;

/// A kind of traffic.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    /// Written before the clock runs, so that writing them does not count.
    histories: Vec<Wire>,
    item_ids: Vec<String>,
    /// One in so many requests belongs to a session; none where it is 0.
    session_every: usize,
}

const N_HISTORIES: usize = 4096;
const LONGEST_HISTORY: usize = 20;
const N_STEPS: usize = 3;

impl Requests {
    /// Slates of ten for histories of 0 to 20 random items; `more` goes into each body.
    pub(crate) fn histories(item_ids: &[String], more: &str) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut one = || {
            let n = rng.random_range(0..=LONGEST_HISTORY);
            let mut row = || {
                let item = &item_ids[rng.random_range(0..item_ids.len())];
                let rating = rng.random_range(1..=5);
                serde_json::json!({ "item": item, "rating": rating })
            };
            let history: Vec<_> = (0..n).map(|_| row()).collect();
            let history = serde_json::Value::from(history);
            Wire::post("/v1/recommend", &format!("{{\"history\":{history},\"k\":10{more}}}"))
        };
        let histories = (0..N_HISTORIES).map(|_| one()).collect();
        Self { histories, item_ids: item_ids.to_vec(), session_every: 0 }
    }

    /// One in four requests starts a session, asks in it, or answers; the others are histories.
    pub(crate) fn mixed(item_ids: &[String]) -> Self {
        Self { session_every: 4, ..Self::histories(item_ids, "") }
    }

    /// Sessions alone.
    pub(crate) fn sessions(item_ids: &[String]) -> Self {
        Self { session_every: 1, ..Self::histories(item_ids, "") }
    }

    /// The requests of one connection.
    pub(crate) fn stream(&self, number: usize) -> Stream<'_> {
        let rng = Xoshiro256PlusPlus::seed_from_u64(number as u64);
        Stream {
            requests: self,
            at: number * 131,
            rng,
            session: None,
            asked: Asked::History,
            acked: Vec::new(),
        }
    }
}

/// The requests of one connection.
#[derive(Debug)]
pub(crate) struct Stream<'a> {
    requests: &'a Requests,
    at: usize,
    rng: Xoshiro256PlusPlus,
    session: Option<Session>,
    asked: Asked,
    /// Sessions with what the server said that it keeps.
    pub(crate) acked: Vec<Session>,
}

/// A session as its client knows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    pub(crate) id: String,
    slate: Option<String>,
    /// Items whose feedback was answered with success.
    pub(crate) kept: Vec<String>,
    n_steps: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Asked {
    History,
    Start,
    Slate,
    Feedback(String),
}

impl<'a> Stream<'a> {
    /// What is asked next.
    pub(crate) fn next_request(&mut self) -> Cow<'a, Wire> {
        self.at += 1;
        let requests = self.requests;
        let every = requests.session_every;
        if every == 0 || !self.at.is_multiple_of(every) {
            self.asked = Asked::History;
            return Cow::Borrowed(&requests.histories[self.at % requests.histories.len()]);
        }
        let Some(session) = &self.session else {
            self.asked = Asked::Start;
            let ids = &requests.item_ids;
            let item = serde_json::Value::from(ids[self.rng.random_range(0..ids.len())].as_str());
            return Cow::Owned(Wire::post("/v1/sessions", &format!("{{\"history\":[{item}]}}")));
        };
        match &session.slate {
            None => {
                self.asked = Asked::Slate;
                let body = format!("{{\"session\":\"{}\",\"k\":10}}", session.id);
                Cow::Owned(Wire::post("/v1/recommend", &body))
            }
            Some(item) => {
                self.asked = Asked::Feedback(item.clone());
                let path = format!("/v1/sessions/{}/feedback", session.id);
                let item = serde_json::Value::from(item.as_str());
                Cow::Owned(Wire::post(&path, &format!("{{\"item\":{item},\"feedback\":\"like\"}}")))
            }
        }
    }

    /// Takes in what came back.
    pub(crate) fn answered(&mut self, status: Status, client: &Client) {
        if status.code / 100 != 2 || self.asked == Asked::History {
            return;
        }
        match (&self.asked, &mut self.session) {
            (Asked::Start, _) => {
                let id = client.json()["id"].as_str().unwrap_or_default().to_owned();
                self.session = Some(Session { id, ..Session::default() });
            }
            (Asked::Slate, Some(session)) => {
                session.slate = client.json()["items"][0]["id"].as_str().map(str::to_owned);
            }
            (Asked::Feedback(item), Some(session)) => {
                session.kept.push(item.clone());
                session.slate = None;
                session.n_steps += 1;
                if session.n_steps == N_STEPS {
                    self.acked.extend(self.session.take());
                }
            }
            _ => {}
        }
    }

    /// All sessions with something kept, the one under way too.
    pub(crate) fn into_acked(mut self) -> Vec<Session> {
        self.acked.extend(self.session.take());
        self.acked
    }
}
