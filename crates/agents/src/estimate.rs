//! What a collection will need, before anything is paid: its sessions are rehearsed with stand-in answers.

mod rehearsal;

use crate::agents::role_name;
use crate::journal::Journal;
use crate::memory::Memories;
use crate::play::Batch;
use crate::{AgentError, AgentSettings, Collection};
use demonstrations::{AgentAccount, CallAccount};
use environment::{Environment, ExitRule, ItemFeatures};
use llm::AgentRole;
use rehearsal::Rehearsal;
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
    /// Sessions of this run that are finished: what they took beside what a rehearsal of them takes corrects the rehearsal
    /// of all; without any, answers have the expected lengths and can all be shown.
    pub finished: usize,
    /// If sessions and answers are as expected.
    pub expected: Need,
    /// If every session reaches the cap, every answer its limit, and every actor uses up its attempts.
    pub at_most: Need,
}

/// Estimates a collection, those of its sessions that a journal holds included. The model is asked nothing but how long
/// texts are.
///
/// # Errors
/// When the collection could not begin.
pub fn estimate(collection: &Collection<'_>, journal: Option<&Journal>) -> Result<Estimate, AgentError> {
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
    let (at_most, _) = rehearse(collection, &longest, collection.settings.attempts.saturating_sub(1))?;
    let sessions = collection.settings.n_episodes;
    let so_far = Tally::of(journal.map_or_else(Vec::new, |journal| finished(collection, journal)));
    let (mut likely, mut steps_per_session) = rehearse(collection, expected, 0)?;
    if so_far.n_sessions > 0 {
        let settings = AgentSettings { n_episodes: so_far.n_sessions, ..collection.settings.clone() };
        let same = Collection { settings: &settings, ..*collection };
        let (rehearsed, rehearsed_steps) = rehearse(&same, expected, 0)?;
        let (happened, steps) = so_far.extrapolated(so_far.n_sessions);
        likely = likely.corrected(&rehearsed, &happened);
        steps_per_session *= steps / rehearsed_steps.max(1.0);
    }
    Ok(Estimate { sessions, steps_per_session, finished: so_far.n_sessions, expected: likely, at_most })
}

/// The batches that a journal holds, from the first on.
fn finished(collection: &Collection<'_>, journal: &Journal) -> Vec<Batch> {
    (0..collection.n_batches()).map_while(|at| journal.batch(at, collection.sessions(at).1.len())).collect()
}

/// What batches came to.
#[derive(Default)]
struct Tally {
    account: AgentAccount,
    n_sessions: usize,
    n_steps: usize,
}

impl Tally {
    fn of(batches: Vec<Batch>) -> Self {
        let mut sum = Self::default();
        for batch in batches {
            sum.account.add(&batch.account);
            sum.n_sessions += batch.finished.len();
            sum.n_steps += batch.finished.iter().map(|f| f.demonstration.steps.len()).sum::<usize>();
        }
        sum
    }

    /// What so many sessions would need, and the steps of one.
    fn extrapolated(&self, n_sessions: usize) -> (Need, f64) {
        let factor = n_sessions as f64 / self.n_sessions as f64;
        (Need::of(&self.account, factor), self.n_steps as f64 / self.n_sessions as f64)
    }
}

/// Plays the first sessions with stand-in answers, of which the actor's first `n_refused` cannot be shown, and extrapolates.
fn rehearse(
    collection: &Collection<'_>,
    expected: &Expected,
    n_refused: usize,
) -> Result<(Need, f64), AgentError> {
    let n_sessions = collection.settings.n_episodes;
    let n_rehearsed = n_sessions.min(N_REHEARSED.max(2 * collection.settings.batch));
    let settings = AgentSettings { n_episodes: n_rehearsed, ..collection.settings.clone() };
    let titles = collection.scene.catalogue.items().iter().map(|item| item.title.clone()).collect();
    let model = Rehearsal { model: collection.model, titles, expected, n_refused };
    let environment = match expected.steps {
        None => collection.scene.environment.clone(),
        Some(steps) => staying(collection.scene.environment, steps)?,
    };
    let rehearsed = Collection { model: &model, embedder: None, settings: &settings, ..*collection };
    let agents = rehearsed.agents()?;
    let (mut memories, mut batches) = (Memories::default(), Vec::new());
    for number in 0..rehearsed.n_batches() {
        let (first, users) = rehearsed.sessions(number);
        let batch = agents.play(&environment, first, &users, &memories, &mut |_, _| {})?.batch;
        memories.absorb(&batch.memos, agents.embedder())?;
        batches.push(batch);
    }
    Ok(Tally::of(batches).extrapolated(n_sessions))
}

/// The same users and items, but nobody leaves before `steps` are over.
fn staying(environment: &Environment, steps: usize) -> Result<Environment, AgentError> {
    let rewards = Arc::clone(environment.rewards());
    let features: ItemFeatures = environment.features().clone();
    Ok(Environment::new(rewards, features, ExitRule::none(), steps.max(1))?)
}

impl Need {
    fn of(account: &AgentAccount, factor: f64) -> Self {
        let scaled = |n: u64| (n as f64 * factor).round() as u64;
        let each = |c: &CallAccount| [c.answered, c.tokens_in, c.tokens_out].map(scaled);
        Self::from(account.calls.iter().map(|(agent, calls)| (agent.clone(), each(calls))).collect())
    }

    /// This, times what happened over what was rehearsed of it.
    fn corrected(&self, rehearsed: &Self, happened: &Self) -> Self {
        let one = |agent: &String, at: usize, n: u64| match (
            rehearsed.by_agent.get(agent),
            happened.by_agent.get(agent),
        ) {
            (Some(guess), Some(truth)) if guess[at] > 0 => {
                (n as f64 * truth[at] as f64 / guess[at] as f64).round() as u64
            }
            _ => n,
        };
        let each =
            |(agent, n): (&String, &[u64; 3])| (agent.clone(), [0, 1, 2].map(|at| one(agent, at, n[at])));
        Self::from(self.by_agent.iter().map(each).collect())
    }

    fn from(by_agent: BTreeMap<String, [u64; 3]>) -> Self {
        let sum = |at: usize| by_agent.values().map(|n| n[at]).sum();
        Self { calls: sum(0), tokens_in: sum(1), tokens_out: sum(2), by_agent }
    }
}

/// The estimate as people read it.
impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = |name: &str, n: &Need| {
            format!("{name:<9} {} calls, {} tokens in, {} tokens out", n.calls, n.tokens_in, n.tokens_out)
        };
        let source = match self.finished {
            0 => "as random picks last; answers of the lengths in `expected.*`".to_owned(),
            n => format!("as the {n} that are finished"),
        };
        writeln!(f, "sessions  {} of {:.1} steps, {source}", self.sessions, self.steps_per_session)?;
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
