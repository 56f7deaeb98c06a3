//! What the tests share: a small world and scripted models.

mod actors;
mod advantage;
mod dry_run;
mod embedder;
mod health;
mod resume;
mod settings;
mod transcripts;

use crate::{AgentSettings, AgentsCollected, Collection, Journal, Prompts, collect};
use catalogue::Catalogue;
use demonstrations::Scene;
use environment::{Environment, ExitRule, ItemFeatures};
use llm::{
    AgentRole, Capabilities, Completion, Continuation, Generate, LanguageModel, LlmError, Score, StopReason,
    Usage,
};
use mdp::{Histories, Interaction, ItemIdx, RewardSource, UserIdx, rng_for};
use rand::RngExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

struct Rewards(Vec<Vec<f32>>);

impl RewardSource for Rewards {
    fn n_users(&self) -> usize {
        self.0.len()
    }
    fn n_items(&self) -> usize {
        self.0[0].len()
    }
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        self.0[user.index()][item.index()]
    }
}

/// A small world, owned.
pub(super) struct World {
    catalogue: Catalogue,
    user_ids: Vec<String>,
    histories: Histories,
    environment: Environment,
}

impl World {
    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            catalogue: &self.catalogue,
            user_ids: &self.user_ids,
            histories: &self.histories,
            environment: &self.environment,
        }
    }

    pub(super) fn titles(&self) -> Vec<String> {
        self.catalogue.items().iter().map(|item| item.title.clone()).collect()
    }
}

const NAMES: [&str; 24] = [
    "Anvil", "Birch", "Comet", "Dune", "Ember", "Flint", "Grove", "Harbour", "Iris", "Jackal", "Kestrel",
    "Lagoon", "Meadow", "Nebula", "Orchid", "Pylon", "Quartz", "Raven", "Saffron", "Tundra", "Umbra",
    "Velvet", "Willow", "Zephyr",
];

/// 24 items of four kinds in turn; user `u` has item `u` in the history and rates item `i` 5 - (i + u) % 4.
/// Everybody leaves after a reward below 2.1 (that is, 2) from the second step on.
pub(super) fn world(n_users: usize, rule: ExitRule) -> World {
    let kind = |i: usize| vec![format!("kind {}", i % 4)];
    let rows =
        NAMES.iter().enumerate().map(|(i, name)| (i.to_string(), (*name).to_owned(), kind(i))).collect();
    let catalogue = Catalogue::new(rows).0;
    let rewards: Vec<Vec<f32>> =
        (0..n_users).map(|u| (0..24).map(|i| 5.0 - ((i + u) % 4) as f32).collect()).collect();
    let seen = |u: usize| vec![Interaction { item: ItemIdx(u as u32 % 24), rating: 4.5, time: 0 }];
    let features = ItemFeatures::of(&catalogue, None);
    let environment = Environment::new(Arc::new(Rewards(rewards)), features, rule, 12).unwrap();
    World {
        catalogue,
        user_ids: (0..n_users).map(|u| format!("u{u}")).collect(),
        histories: (0..n_users).map(seen).collect(),
        environment,
    }
}

type Vectors = Result<Vec<Vec<f32>>, LlmError>;
type Rule = Box<dyn Fn(&Generate) -> Result<String, LlmError> + Send + Sync>;

/// A model that answers by a rule and keeps what it was asked.
pub(super) struct Scripted {
    pub(super) can: Capabilities,
    rule: Rule,
    pub(super) asked: Mutex<Vec<Generate>>,
    pub(super) scored: Mutex<Vec<Score>>,
    /// How texts become vectors, where it can.
    pub(super) embedding: fn(&[String]) -> Vectors,
}

pub(super) fn scripted(
    rule: impl Fn(&Generate) -> Result<String, LlmError> + Send + Sync + 'static,
) -> Scripted {
    let can = Capabilities {
        model: "script".into(),
        context: None,
        generates: true,
        scores: true,
        embeds: false,
        obeys_schema: false,
        obeys_choices: true,
        batch: 8,
    };
    Scripted {
        can,
        rule: Box::new(rule),
        asked: Mutex::default(),
        scored: Mutex::default(),
        embedding: |texts| Ok(texts.iter().map(|_| vec![1.0, 0.0]).collect()),
    }
}

impl Scripted {
    /// Everything asked of a role, as the user's message.
    pub(super) fn prompts(&self, agent: AgentRole) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|r| r.agent == agent).map(|r| r.messages[1].content.clone()).collect()
    }
}

impl LanguageModel for Scripted {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        let answer = |request: &Generate| {
            self.asked.lock().unwrap().push(request.clone());
            let text = (self.rule)(request)?;
            let tokens_in: usize = request.messages.iter().map(|m| self.count_tokens(&m.content) + 5).sum();
            let usage = Usage {
                tokens_in: tokens_in as u64,
                tokens_out: self.count_tokens(&text) as u64,
                ..Usage::default()
            };
            let choice = request.choices.as_ref().and_then(|c| c.texts.iter().position(|t| *t == text));
            let choice = choice.map(|row| row as u32);
            let log_prob = choice.map(|row| -1.0 - f64::from(row));
            Ok(Completion { text, stop: StopReason::Stop, log_prob, choice, usage })
        };
        requests.iter().map(answer).collect()
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        (self.embedding)(texts)
    }

    /// A title is likelier the more letters of it the prompt's last title has; without a history all are alike
    /// but for their length.
    fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
        self.scored.lock().unwrap().extend(requests.iter().cloned());
        let each = |request: &Score| {
            let prompt = &request.messages[1].content;
            let likes =
                |text: &String| if prompt.contains("Anvil") && text.starts_with('Q') { 3.0 } else { 0.0 };
            let one = |text: &String| Continuation {
                log_prob: -(text.len() as f64) + likes(text),
                n_tokens: 1,
                usage: Usage::default(),
            };
            Ok(request.continuations.iter().map(one).collect())
        };
        requests.iter().map(each).collect()
    }
}

/// Thinks, plans, names the first title that the prompt does not hold, values everything 2, learns a lesson.
pub(super) fn sensible(world: &World) -> Scripted {
    let titles = world.titles();
    scripted(move |request| {
        let prompt = &request.messages[1].content;
        Ok(match request.agent {
            AgentRole::Planner => "Thought: likes it.\nPlan: go on.".to_owned(),
            AgentRole::Critic => "2".to_owned(),
            AgentRole::Reflector => format!("Lesson: {} bytes.", prompt.len()),
            _ => first_new(&titles, prompt, &request.excluded),
        })
    })
}

pub(super) fn first_new(titles: &[String], prompt: &str, excluded: &[u32]) -> String {
    let is_open = |(row, title): &(usize, &String)| {
        !prompt.contains(title.as_str()) && excluded.binary_search(&(*row as u32)).is_err()
    };
    titles.iter().enumerate().find(is_open).map(|(_, title)| title.clone()).unwrap_or_default()
}

/// Answers with an item that the user rates 5 with probability `quality`, with any other item otherwise.
pub(super) fn noisy_oracle(world: &World, quality: f64) -> Scripted {
    let titles = world.titles();
    let calls = AtomicUsize::new(0);
    scripted(move |request| {
        let number = calls.fetch_add(1, Ordering::SeqCst) as u64;
        let mut rng = rng_for(request.sampling.seed, &[number]);
        if request.agent != AgentRole::Actor {
            return Ok("1".to_owned());
        }
        let prompt = &request.messages[1].content;
        let user =
            titles.iter().position(|title| prompt.contains(&format!("- {title} (liked: 4.5)"))).unwrap();
        let is_open = |item: &usize| !prompt.contains(titles[*item].as_str());
        let open: Vec<usize> = (0..titles.len()).filter(is_open).collect();
        let best: Vec<usize> = open.iter().copied().filter(|item| (item + user).is_multiple_of(4)).collect();
        let pool = if rng.random::<f64>() < quality && !best.is_empty() { &best } else { &open };
        Ok(titles[pool[rng.random_range(0..pool.len())]].clone())
    })
}

/// Settings of a short collection.
pub(super) fn short(agent: crate::AgentKind) -> AgentSettings {
    AgentSettings {
        n_episodes: 4,
        horizon: 3,
        batch: 2,
        agent,
        noun: "film".into(),
        nouns: "films".into(),
        ..AgentSettings::default()
    }
}

pub(super) fn run(
    world: &World,
    model: &dyn LanguageModel,
    settings: &AgentSettings,
    journal: Option<&Journal>,
) -> Result<AgentsCollected, crate::AgentError> {
    run_with(world, (model, None), settings, journal)
}

/// The same, perhaps with an embedder.
pub(super) fn run_with(
    world: &World,
    (model, embedder): (&dyn LanguageModel, Option<&dyn LanguageModel>),
    settings: &AgentSettings,
    journal: Option<&Journal>,
) -> Result<AgentsCollected, crate::AgentError> {
    let prompts = Prompts::builtin().unwrap();
    let scene = world.scene();
    let users: Vec<UserIdx> = (0..world.user_ids.len() as u32).map(UserIdx).collect();
    let collection =
        Collection { scene: &scene, users: &users, model, embedder, prompts: &prompts, settings, seed: 3 };
    collect(&collection, journal, &mut |_| {})
}
