//! What a collection will need, before anything is paid: its sessions are rehearsed with stand-in answers.

use crate::agents::role_name;
use crate::memory::Memories;
use crate::{AgentError, AgentSettings, Collection};
use demonstrations::{AgentAccount, CallAccount};
use environment::{Environment, ExitRule, ItemFeatures};
use llm::{
    AgentRole, Capabilities, Choices, Completion, Continuation, Generate, LanguageModel, LlmError, Message,
    Score, StopReason, Usage,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most sessions that are rehearsed; more are extrapolated.
const N_REHEARSED: usize = 40;

/// What a person expects of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expected {
    /// Steps of a session; without it sessions last as long as random picks last in the train world.
    pub steps: Option<usize>,
    /// Tokens of a thought with its plan.
    pub planner_tokens: usize,
    /// Tokens beside the title in an answer of the actor.
    pub actor_tokens: usize,
    /// Tokens of a value.
    pub critic_tokens: usize,
    /// Tokens of a lesson.
    pub reflector_tokens: usize,
    /// Tokens that the chat template adds to each message.
    pub message_tokens: usize,
}

impl Default for Expected {
    fn default() -> Self {
        Self {
            steps: None,
            planner_tokens: 60,
            actor_tokens: 1,
            critic_tokens: 2,
            reflector_tokens: 80,
            message_tokens: 5,
        }
    }
}

/// Calls and tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Need {
    /// Calls of the model.
    pub calls: u64,
    /// Tokens sent.
    pub tokens_in: u64,
    /// Tokens received.
    pub tokens_out: u64,
    /// The same by agent: calls, tokens in, tokens out.
    pub by_agent: BTreeMap<String, [u64; 3]>,
}

/// What a collection will need.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Sessions asked for.
    pub sessions: usize,
    /// Steps per session in the rehearsal.
    pub steps_per_session: f64,
    /// If sessions and answers are as expected.
    pub expected: Need,
    /// If every session reaches the cap and every answer its limit. Answers that cannot be shown add to both.
    pub at_most: Need,
}

/// Estimates a collection. The model is asked nothing but how long texts are.
///
/// # Errors
/// When the collection could not begin.
pub fn estimate(collection: &Collection<'_>) -> Result<Estimate, AgentError> {
    let expected = &collection.settings.expected;
    let sampling = &collection.settings.sampling;
    let longest = Expected {
        steps: Some(collection.settings.horizon.min(collection.scene.environment.horizon())),
        planner_tokens: sampling.planner_tokens as usize,
        actor_tokens: sampling.actor_tokens as usize,
        critic_tokens: sampling.critic_tokens as usize,
        reflector_tokens: sampling.reflector_tokens as usize,
        message_tokens: expected.message_tokens,
    };
    let (likely, steps_per_session) = rehearse(collection, expected)?;
    let (at_most, _) = rehearse(collection, &longest)?;
    let sessions = collection.settings.n_episodes;
    Ok(Estimate { sessions, steps_per_session, expected: likely, at_most })
}

/// Plays the first sessions with stand-in answers and extrapolates.
fn rehearse(collection: &Collection<'_>, expected: &Expected) -> Result<(Need, f64), AgentError> {
    let n_sessions = collection.settings.n_episodes;
    let n_rehearsed = n_sessions.min(N_REHEARSED.max(2 * collection.settings.batch));
    let settings = AgentSettings { n_episodes: n_rehearsed, ..collection.settings.clone() };
    let titles = collection.scene.catalogue.items().iter().map(|item| item.title.clone()).collect();
    let model = Rehearsal { model: collection.model, titles, expected };
    let environment = match expected.steps {
        None => collection.scene.environment.clone(),
        Some(steps) => staying(collection.scene.environment, steps)?,
    };
    let rehearsed = Collection { model: &model, embedder: None, settings: &settings, ..*collection };
    let agents = rehearsed.agents()?;
    let (mut memories, mut account, mut n_steps) = (Memories::default(), AgentAccount::default(), 0);
    for number in 0..rehearsed.n_batches() {
        let (first, users) = rehearsed.seats(number);
        let batch = agents.play(&environment, first, &users, &memories, &mut |_, _| {})?;
        memories.absorb(&batch.memos, agents.embedder())?;
        account.add(&batch.account);
        n_steps += batch.finished.iter().map(|f| f.demonstration.steps.len()).sum::<usize>();
    }
    let factor = n_sessions as f64 / n_rehearsed as f64;
    Ok((Need::of(&account, factor), n_steps as f64 / n_rehearsed as f64))
}

/// The same users and items, but nobody leaves before `steps` are over.
fn staying(environment: &Environment, steps: usize) -> Result<Environment, AgentError> {
    let rewards = Arc::clone(environment.rewards());
    let features: ItemFeatures = environment.features().clone();
    Ok(Environment::new(rewards, features, ExitRule::None, steps.max(1))?)
}

impl Need {
    fn of(account: &AgentAccount, factor: f64) -> Self {
        let scaled = |n: u64| (n as f64 * factor).round() as u64;
        let each = |c: &CallAccount| [c.answered, c.tokens_in, c.tokens_out].map(scaled);
        let by_agent: BTreeMap<String, [u64; 3]> =
            account.calls.iter().map(|(agent, calls)| (agent.clone(), each(calls))).collect();
        let sum = |at: usize| by_agent.values().map(|n| n[at]).sum();
        Self { calls: sum(0), tokens_in: sum(1), tokens_out: sum(2), by_agent }
    }
}

/// Answers with texts of the expected length; the actor's are titles that the prompt does not hold.
struct Rehearsal<'a> {
    model: &'a dyn LanguageModel,
    titles: Vec<String>,
    expected: &'a Expected,
}

impl Rehearsal<'_> {
    fn answer(&self, request: &Generate) -> Completion {
        let (text, choice, n_tokens) = match request.agent {
            AgentRole::Planner => (self.words("thought", self.expected.planner_tokens), None, 0),
            AgentRole::Critic => ("0".to_owned(), None, self.expected.critic_tokens),
            AgentRole::Reflector => (self.words("lesson", self.expected.reflector_tokens), None, 0),
            AgentRole::Actor | AgentRole::Other => self.title(request),
        };
        let tokens_out = if n_tokens > 0 { n_tokens } else { self.model.count_tokens(&text) };
        let usage = Usage {
            tokens_in: self.tokens_in(&request.messages),
            tokens_out: tokens_out as u64,
            ..Usage::default()
        };
        let stop = if choice.is_some() { StopReason::Choice } else { StopReason::Stop };
        Completion { text, stop, log_prob: None, choice, usage }
    }

    /// A text of about so many tokens.
    fn words(&self, word: &str, n_tokens: usize) -> String {
        let each = self.model.count_tokens(&format!("{word} ").repeat(64)).max(1);
        format!("{word} ").repeat((n_tokens * 64).div_ceil(each))
    }

    fn title(&self, request: &Generate) -> (String, Option<u32>, usize) {
        let excluded = |row: usize| request.excluded.binary_search(&(row as u32)).is_ok();
        let is_new =
            |row: usize| !request.messages.iter().any(|m| m.content.contains(self.titles[row].as_str()));
        let n = self.titles.len();
        let start = request.sampling.seed as usize % n.max(1);
        let fits = |row: &usize| !self.titles[*row].is_empty() && !excluded(*row) && is_new(*row);
        let row = (0..n).map(|at| (start + at) % n).find(fits).unwrap_or(start);
        let text = self.titles[row].clone();
        let n_tokens = self.model.count_tokens(&text) + self.expected.actor_tokens;
        (text, request.choices.as_ref().map(|_: &Arc<Choices>| row as u32), n_tokens)
    }

    fn tokens_in(&self, messages: &[Message]) -> u64 {
        let each = |m: &Message| self.model.count_tokens(&m.content) + self.expected.message_tokens;
        messages.iter().map(each).sum::<usize>() as u64
    }
}

impl LanguageModel for Rehearsal<'_> {
    fn capabilities(&self) -> &Capabilities {
        self.model.capabilities()
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        requests.iter().map(|request| Ok(self.answer(request))).collect()
    }

    fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
        let each = |request: &Score| {
            let tokens = |at: usize, text: &String| {
                let n = self.model.count_tokens(text);
                let tokens_in = if at == 0 { self.tokens_in(&request.messages) } else { 0 };
                let usage = Usage { tokens_in, tokens_out: n as u64, ..Usage::default() };
                Continuation { log_prob: -(n as f64), n_tokens: n as u32, usage }
            };
            Ok(request.continuations.iter().enumerate().map(|(at, text)| tokens(at, text)).collect())
        };
        requests.iter().map(each).collect()
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        Ok(texts.iter().map(|_| vec![1.0, 0.0]).collect())
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.model.count_tokens(text)
    }
}

/// The estimate as people read it.
impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = |name: &str, n: &Need| {
            format!("{name:<9} {} calls, {} tokens in, {} tokens out", n.calls, n.tokens_in, n.tokens_out)
        };
        writeln!(f, "sessions  {} of {:.1} steps", self.sessions, self.steps_per_session)?;
        writeln!(f, "{}", line("expected", &self.expected))?;
        for agent in [AgentRole::Planner, AgentRole::Actor, AgentRole::Critic, AgentRole::Reflector] {
            if let Some([calls, tokens_in, tokens_out]) = self.expected.by_agent.get(role_name(agent)) {
                let name = role_name(agent);
                writeln!(f, "  {name:<9} {calls} calls, {tokens_in} tokens in, {tokens_out} tokens out")?;
            }
        }
        write!(f, "{}", line("at most", &self.at_most))
    }
}
