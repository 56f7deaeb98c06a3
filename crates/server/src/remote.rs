//! A served policy as one that can be judged: its sessions are lived through over HTTP.

use crate::clock::random_id;
use mdp::{Choice, ItemIdx, ItemSet, Policy, PolicySession, Rng, SessionContext, UnknownLogProbs};
use rand::RngExt as _;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use ureq::Agent;

/// A policy behind a server. Each session is a session of the server's: started with the history, asked for one item
/// at a time, told the reward of each.
#[derive(Debug)]
pub struct RemotePolicy {
    agent: Agent,
    url: String,
    key: Option<String>,
    ids: Vec<String>,
    rows: HashMap<String, ItemIdx>,
    trouble: Mutex<Option<String>>,
    /// Hashes of the policies that chose.
    policies: Mutex<BTreeSet<String>>,
}

/// How the names of simulated users begin, so that nobody takes their answers for those of people.
pub const SIMULATED: &str = "ilrec-eval-";
const TIMEOUT: Duration = Duration::from_secs(60);

impl RemotePolicy {
    /// The policy at `url`, such as `http://127.0.0.1:8080`. `ids` are the items' ids by row, `key` opens the API.
    pub fn new(url: &str, key: Option<String>, ids: Vec<String>) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT));
        let rows = ids.iter().cloned().zip((0u32..).map(ItemIdx)).collect();
        let url = url.trim_end_matches('/').to_owned();
        let (trouble, policies) = (Mutex::default(), Mutex::default());
        Self { agent: config.build().new_agent(), url, key, ids, rows, trouble, policies }
    }

    /// The hash of the policy that serves.
    ///
    /// # Errors
    /// When the server is not there or not ready.
    pub fn hash(&self) -> Result<String, String> {
        let mut answer = self.agent.get(format!("{}/health/ready", self.url)).call().map_err(text)?;
        let body = answer.body_mut().read_to_string().map_err(text)?;
        let value: Value = serde_json::from_str(&body).map_err(text)?;
        let hash = value["policy"].as_str();
        hash.map(str::to_owned).ok_or_else(|| format!("{} is not ready: {body}", self.url))
    }

    /// The first thing that went wrong. Sessions cannot say it: what they chose from then on was not the policy's.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which policies chose, where they were others than the one of this hash alone: an experiment runs, or there was a
    /// change meanwhile, and what was judged is a mixture.
    pub fn mixture(&self, hash: &str) -> Option<Vec<String>> {
        let policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other = policies.iter().any(|policy| policy != hash);
        is_other.then(|| policies.iter().cloned().collect())
    }

    /// Asks the server, unless something went wrong before: what comes after that is thrown away.
    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        if let Some(trouble) = self.trouble() {
            return Err(trouble);
        }
        let mut request = self.agent.post(format!("{}{path}", self.url)).content_type("application/json");
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        let mut answer = request.send(body.to_string()).map_err(text)?;
        let body = answer.body_mut().read_to_string().map_err(text)?;
        if !answer.status().is_success() {
            return Err(format!("{path}: {body}"));
        }
        serde_json::from_str(&body).map_err(text)
    }

    fn id(&self, item: ItemIdx) -> &str {
        self.ids.get(item.index()).map_or("", String::as_str)
    }

    fn note<T>(&self, outcome: Result<T, String>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(why) => {
                self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
                None
            }
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Policy for RemotePolicy {
    fn name(&self) -> String {
        "served".to_owned()
    }

    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a> {
        let row = |one: &mdp::Interaction| json!({ "item": self.id(one.item), "rating": one.rating });
        let history: Vec<Value> = context.history.iter().map(row).collect();
        let user = random_id().map(|id| format!("{SIMULATED}{id}"));
        let started = user
            .map_err(text)
            .and_then(|user| self.post("/v1/sessions", &json!({ "user": user, "history": history })));
        let started = started.and_then(|answer| match answer["unknown"].as_array() {
            Some(unknown) if !unknown.is_empty() => {
                let named = unknown.first().and_then(Value::as_str).unwrap_or_default();
                Err(format!("the server has no item `{named}`, which a user of the dataset rated"))
            }
            _ => Ok(answer),
        });
        let started = self.note(started);
        let id = started.and_then(|answer| answer["id"].as_str().map(str::to_owned));
        let mut told = ItemSet::empty(self.ids.len());
        for one in context.history {
            told.insert(one.item);
        }
        Box::new(RemoteSession { policy: self, id, told })
    }
}

struct RemoteSession<'a> {
    policy: &'a RemotePolicy,
    id: Option<String>,
    /// What the server knows that the user had.
    told: ItemSet,
}

impl RemoteSession<'_> {
    fn ask(&self, shown: &ItemSet, seed: u64) -> Result<Choice, String> {
        let id = self.id.as_ref().ok_or("the session did not start")?;
        let all = (0..self.policy.ids.len() as u32).map(ItemIdx);
        let exclude: Vec<&str> = all
            .filter(|&item| shown.contains(item) && !self.told.contains(item))
            .map(|item| self.policy.id(item))
            .collect();
        let wanted = json!({ "session": id, "k": 1, "seed": seed.to_string(), "exclude": exclude });
        let slate = self.policy.post("/v1/recommend", &wanted)?;
        if let Some(policy) = slate["policy"].as_str() {
            let mut policies = self.policy.policies.lock().unwrap_or_else(PoisonError::into_inner);
            if !policies.contains(policy) {
                policies.insert(policy.to_owned());
            }
        }
        let (chosen, propensity) = (&slate["items"][0]["id"], &slate["items"][0]["propensity"]);
        let item = chosen.as_str().and_then(|id| self.policy.rows.get(id)).copied();
        let item =
            item.ok_or_else(|| format!("the server chose {chosen}, which is no item of the dataset"))?;
        if shown.contains(item) {
            return Err(format!("the server chose {chosen}, which it was told to leave out"));
        }
        let propensity = propensity.as_f64().filter(|p| (0.0..=1.0).contains(p) && *p > 0.0);
        let propensity = propensity.ok_or("an item without a probability as its propensity")?;
        Ok(Choice { item, log_prob_behavior: propensity.ln() as f32 })
    }
}

impl PolicySession for RemoteSession<'_> {
    /// The protocol has the probability of each item of a slate, and a slate of the whole catalogue would be one that
    /// the session was shown.
    fn log_probs(&mut self, _shown: &ItemSet, _out: &mut [f32]) -> Result<(), UnknownLogProbs> {
        Err(UnknownLogProbs { why: "a server answers with the probabilities of what it shows alone" })
    }

    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice {
        let asked = self.ask(shown, rng.random());
        self.policy.note(asked).unwrap_or_else(|| {
            let left = (0..self.policy.ids.len() as u32).map(ItemIdx).find(|&item| !shown.contains(item));
            Choice { item: left.unwrap_or(ItemIdx(0)), log_prob_behavior: 0.0 }
        })
    }

    fn observe(&mut self, item: ItemIdx, reward: f32) {
        let Some(id) = &self.id else { return };
        let told = json!({ "item": self.policy.id(item), "rating": reward });
        self.policy.note(self.policy.post(&format!("/v1/sessions/{id}/feedback"), &told));
        self.told.insert(item);
    }
}
