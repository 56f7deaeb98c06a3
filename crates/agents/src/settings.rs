//! Everything that can be set about a collection.

use crate::{AgentError, AgentKind, Expected, Modules, Part};
use demonstrations::GroundingConfig;
use serde::{Deserialize, Serialize};

/// How agents demonstrate. The defaults are the published ones where those exist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AgentSettings {
    /// How many sessions; users take turns.
    pub n_episodes: usize,
    /// The most steps of a session; the environment's horizon holds besides.
    pub horizon: usize,
    /// Sessions that go step by step together. What one learns is known to the next batch, not to its neighbours.
    pub batch: usize,
    /// Which agent.
    pub agent: AgentKind,
    /// Parts of it that are left out.
    pub without: Vec<Part>,
    /// How the actor finds an item.
    pub actor: ActorKind,
    /// How the free actor's answer is decoded.
    pub decode: Decode,
    /// What one item is called: movie, game, book, song, joke.
    pub noun: String,
    /// What several are called.
    pub nouns: String,
    /// How often the actor may answer before a session is given up.
    pub attempts: usize,
    /// How many of the nearest titles are named beside a refusal.
    pub alternatives: usize,
    /// How much of the logged history a prompt shows.
    pub history_titles: usize,
    /// How many titles describe a state to critic and memories.
    pub state_titles: usize,
    /// The longest prompt in tokens; older thoughts, then older steps are left out of longer ones.
    pub prompt_tokens: usize,
    /// Discount of the critic's values in the advantage.
    pub discount: f32,
    /// What stands for the reward, in advantages, of a step that made the user leave: the worst of the critic's
    /// scale.
    pub exit_value: f32,
    /// How text is drawn.
    pub sampling: SamplingSettings,
    /// What is remembered, and when.
    pub memory: MemorySettings,
    /// The candidates of the scoring actor.
    pub slate: SlateSettings,
    /// How texts become items.
    pub grounding: GroundingConfig,
    /// What a dry run assumes; it changes nothing else.
    pub expected: Expected,
}

/// How the actor finds an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// It writes a title.
    #[default]
    Free,
    /// It ranks candidates by how much the user's history raises the log-probability of their titles.
    Score,
}

/// What the actor may write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decode {
    /// Anything; grounding decides what it means.
    #[default]
    Free,
    /// Only titles of the catalogue that can be shown.
    Catalogue,
}

/// How text is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingSettings {
    /// Temperature of planner, actor and reflector.
    pub temperature: f32,
    /// Temperature of the critic; some servers take 1 alone.
    pub critic_temperature: f32,
    /// Nucleus.
    pub top_p: f32,
    /// Longest thought in tokens.
    pub planner_tokens: u32,
    /// Longest title in tokens.
    pub actor_tokens: u32,
    /// Longest value in tokens.
    pub critic_tokens: u32,
    /// Longest lesson in tokens.
    pub reflector_tokens: u32,
}

/// What is remembered, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemorySettings {
    /// Lessons that a session is reminded of (K).
    pub reflections: usize,
    /// A lesson counts as similar up to this distance, 1 minus the cosine; 2 lets every lesson count.
    pub reflection_distance: f32,
    /// A state of the actor memory counts as this one below this distance (tau_A).
    pub actor_distance: f32,
    /// The same for the critic memory (tau_C).
    pub critic_distance: f32,
    /// Who turns situations into vectors.
    pub embedding: MemoryEmbedding,
}

/// Who turns situations into vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryEmbedding {
    /// The embedder that was named for the run, else character n-grams.
    #[default]
    Auto,
    /// Character n-grams weighted by their rarity in the catalogue; no model needed.
    Builtin,
    /// The language model.
    Model,
}

/// The candidates of the scoring actor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SlateSettings {
    /// How many.
    pub size: usize,
    /// Whether titles like the user's latest are among them.
    pub by_text: bool,
    /// Whether items of people with the same items are among them.
    pub by_behaviour: bool,
    /// Whether the most frequent items are among them.
    pub by_popularity: bool,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            n_episodes: 100,
            horizon: 50,
            batch: 10,
            agent: AgentKind::default(),
            without: Vec::new(),
            actor: ActorKind::default(),
            decode: Decode::default(),
            noun: "item".to_owned(),
            nouns: "items".to_owned(),
            attempts: 5,
            alternatives: 5,
            history_titles: 15,
            state_titles: 10,
            prompt_tokens: 3000,
            discount: 0.5,
            exit_value: -5.0,
            sampling: SamplingSettings::default(),
            memory: MemorySettings::default(),
            slate: SlateSettings::default(),
            grounding: GroundingConfig::default(),
            expected: Expected::default(),
        }
    }
}

impl Default for SamplingSettings {
    fn default() -> Self {
        Self {
            temperature: 0.5,
            critic_temperature: 0.0,
            top_p: 1.0,
            planner_tokens: 120,
            actor_tokens: 40,
            critic_tokens: 12,
            reflector_tokens: 200,
        }
    }
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self {
            reflections: 2,
            reflection_distance: 2.0,
            actor_distance: 0.01,
            critic_distance: 0.1,
            embedding: MemoryEmbedding::default(),
        }
    }
}

impl Default for SlateSettings {
    fn default() -> Self {
        Self { size: 20, by_text: true, by_behaviour: true, by_popularity: true }
    }
}

impl AgentSettings {
    /// The parts in use.
    pub fn modules(&self) -> Modules {
        self.agent.modules().without(&self.without)
    }

    /// Refuses what cannot work.
    ///
    /// # Errors
    /// Names the setting.
    pub fn check(&self) -> Result<(), AgentError> {
        let refuse = |setting, why: &str| Err(AgentError::setting(setting, why));
        if self.n_episodes == 0 || self.horizon == 0 || self.batch == 0 || self.attempts == 0 {
            return refuse("n_episodes, horizon, batch, attempts", "must be at least 1");
        }
        if !(0.0..=1.0).contains(&self.discount) || !self.exit_value.is_finite() {
            return refuse("discount, exit_value", "a discount within 0 to 1 and a finite value are needed");
        }
        let sampling = &self.sampling;
        let is_temperature = |x: f32| x >= 0.0 && x.is_finite();
        let are_temperatures =
            is_temperature(sampling.temperature) && is_temperature(sampling.critic_temperature);
        if !(are_temperatures && sampling.top_p > 0.0 && sampling.top_p <= 1.0) {
            return refuse("sampling", "needs temperatures of at least 0 and top_p above 0, at most 1");
        }
        if self.noun.trim().is_empty() || self.nouns.trim().is_empty() {
            return refuse("noun, nouns", "say what the items are");
        }
        let slate = &self.slate;
        let has_source = slate.by_text || slate.by_behaviour || slate.by_popularity;
        if self.actor == ActorKind::Score && (slate.size == 0 || !has_source) {
            return refuse("slate", "needs a size of at least 1 and one source of candidates");
        }
        if self.actor == ActorKind::Score && self.decode == Decode::Catalogue {
            return refuse("decode", "the scoring actor writes nothing, so there is nothing to decode");
        }
        Ok(())
    }
}
