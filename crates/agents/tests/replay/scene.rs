//! Two people in a small world of generated films, by whole numbers alone: the same on every machine.

use agents::{
    AgentError, AgentSettings, AgentsCollected, Collection, Decode, Prompts, SamplingSettings, collect,
};
use catalogue::Catalogue;
use demonstrations::Scene;
use environment::{Environment, ExitRule, ItemFeatures};
use llm::LanguageModel;
use mdp::{Histories, Interaction, ItemIdx, RewardSource, UserIdx};
use sample_domain::{SampleConfig, generate};
use std::sync::Arc;

const N_USERS: usize = 2;
const N_FILMS: usize = 100;

/// Ratings by arithmetic.
struct Taste;

impl RewardSource for Taste {
    fn n_users(&self) -> usize {
        N_USERS
    }
    fn n_items(&self) -> usize {
        N_FILMS
    }
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        1.0 + ((3 * user.0 + 2 * item.0) % 5) as f32
    }
}

fn films() -> Catalogue {
    let tables = generate(&SampleConfig { n_items: N_FILMS, n_users: 1 }, 0);
    let row = |line: &str| {
        let mut parts = line.split('"');
        let id = parts.next().unwrap_or_default().trim_end_matches(',').to_owned();
        let title = parts.next().unwrap_or_default().to_owned();
        let genres = parts.next().unwrap_or_default().trim_start_matches(',').split('|');
        (id, title, genres.map(str::to_owned).collect())
    };
    Catalogue::new(tables.movies.lines().skip(1).map(row).collect()).0
}

/// How the recorded collections were made.
fn settings(decode: Decode) -> AgentSettings {
    let sampling = SamplingSettings {
        planner_tokens: 40,
        actor_tokens: 24,
        reflector_tokens: 60,
        ..SamplingSettings::default()
    };
    let (noun, nouns) = ("movie".to_owned(), "movies".to_owned());
    AgentSettings {
        n_episodes: 2,
        horizon: 3,
        batch: 2,
        attempts: 3,
        decode,
        noun,
        nouns,
        sampling,
        ..AgentSettings::default()
    }
}

/// Two sessions of a model, held to the catalogue or left free.
pub(crate) fn collected(model: &dyn LanguageModel, decode: Decode) -> Result<AgentsCollected, AgentError> {
    let catalogue = films();
    assert_eq!(catalogue.len(), N_FILMS);
    let features = ItemFeatures::of(&catalogue, None);
    let environment =
        Environment::new(Arc::new(Taste), features, ExitRule::none(), 3).expect("the sizes fit");
    let seen = |user: u32, k: u32| {
        let item = ItemIdx((31 * user + 7 * k) % N_FILMS as u32);
        Interaction { item, rating: Taste.reward(UserIdx(user), item), time: i64::from(k) }
    };
    let histories: Histories =
        (0..N_USERS as u32).map(|user| (0..6).map(|k| seen(user, k)).collect::<Vec<_>>()).collect();
    let user_ids: Vec<String> = (0..N_USERS).map(|user| format!("u{user}")).collect();
    let scene = Scene {
        catalogue: &catalogue,
        user_ids: &user_ids,
        histories: &histories,
        environment: &environment,
    };
    let users: Vec<UserIdx> = (0..N_USERS as u32).map(UserIdx).collect();
    let prompts = Prompts::builtin().expect("the templates are ours");
    let settings = settings(decode);
    let collection = Collection {
        scene: &scene,
        users: &users,
        model,
        embedder: None,
        prompts: &prompts,
        settings: &settings,
        seed: 0,
    };
    collect(&collection, None, &mut |_| {})
}
