//! What the agents share: the scene, the model, the prompts, and how they ask.

use crate::agent_session::{AgentSession, plain, title_of};
use crate::health::{ENOUGH, Health};
use crate::memory::Embedder;
use crate::prompts::{Shown, Situation};
use crate::reply::Problem;
use crate::slate::Slates;
use crate::{AgentError, AgentSettings, Modules, Prompts};
use demonstrations::{AgentAccount, Grounded, Scene, TitleIndex};
use llm::{
    AgentRole, Choices, Completion, Continuation, Generate, LanguageModel, LlmError, Message, Sampling,
    Score, StopReason, Usage,
};
use mdp::rng_for;
use rand::RngExt as _;
use std::sync::Arc;

/// Streams of the seed.
const SAMPLING: u64 = 0x5341_4d50;
pub(crate) const LESSONS: u64 = 0x4c45_5353;
/// How much of the session a prompt shows, in steps with thoughts and steps, from all to very little.
const CUTS: [(usize, usize); 6] =
    [(usize::MAX, usize::MAX), (8, usize::MAX), (0, usize::MAX), (0, 20), (0, 8), (0, 2)];

/// The name of who turns texts into vectors, in accounts.
pub(crate) const EMBEDDER: &str = "embedder";
/// What an answer counts as, in accounts, in which nothing is said beside thoughts.
pub(crate) const NO_ANSWER: &str = "no_answer";

/// What a chat template may add to a prompt.
const TEMPLATE_TOKENS: usize = 32;

/// The agents, ready for a scene.
pub(crate) struct Agents<'a> {
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) model: &'a dyn LanguageModel,
    pub(crate) embedder: Option<&'a dyn LanguageModel>,
    pub(crate) prompts: &'a Prompts,
    pub(crate) settings: &'a AgentSettings,
    pub(crate) modules: Modules,
    pub(crate) seed: u64,
    pub(crate) index: TitleIndex,
    /// The embedder's vectors of the titles, one after the other; empty where titles are grounded without it.
    pub(crate) title_vectors: Vec<f32>,
    pub(crate) slates: Slates,
    /// All titles, for constrained decoding.
    pub(crate) choices: Option<Arc<Choices>>,
    /// Who is answered at all.
    pub(crate) health: Health,
}

/// A call: for which session and step, which try, and the chat.
pub(crate) struct Call {
    pub(crate) session: usize,
    pub(crate) step: usize,
    pub(crate) attempt: usize,
    pub(crate) messages: Vec<Message>,
    /// Choices that are not allowed.
    pub(crate) excluded: Vec<u32>,
}

/// What a role is asked with.
pub(crate) struct Manner {
    pub(crate) agent: AgentRole,
    pub(crate) max_tokens: u32,
    pub(crate) schema: Option<serde_json::Value>,
    pub(crate) choices: Option<Arc<Choices>>,
}

impl Agents<'_> {
    /// Who turns situations into vectors.
    pub(crate) fn embedder(&self) -> Embedder<'_> {
        Embedder::of(self.settings.memory.embedding, self.index.vectors(), self.model, self.embedder)
    }

    /// Vectors of situations; absent, and counted, where the model failed to give them.
    pub(crate) fn vectors(
        &self,
        texts: &[String],
        account: &mut AgentAccount,
    ) -> Result<Option<Vec<Vec<f32>>>, AgentError> {
        let answer = self.embedder().embed(texts);
        self.health.book(EMBEDDER, answer.as_ref().err());
        match answer {
            Ok(vectors) => Ok(Some(vectors)),
            Err(error) if error.ends_the_run() => Err(error.into()),
            Err(error) => {
                account.fail(EMBEDDER, &error.to_string());
                Ok(None)
            }
        }
    }

    /// The item a text means. Where the embedder fails at a text that needs it, the text means none.
    pub(crate) fn ground(&self, text: &str, account: &mut AgentAccount) -> Result<Grounded, AgentError> {
        let Some(embedder) = self.embedder else { return Ok(self.index.ground(text)) };
        let grounded = self
            .index
            .ground_all(&[text], &self.title_vectors, |texts| Embedder::Model(embedder).embed(texts));
        self.health.book(EMBEDDER, grounded.as_ref().err());
        match grounded {
            Ok(grounded) => Ok(grounded.first().copied().unwrap_or_else(Grounded::rejected)),
            Err(error) if error.ends_the_run() => Err(error.into()),
            Err(error) => {
                account.fail(EMBEDDER, &error.to_string());
                Ok(Grounded::rejected())
            }
        }
    }

    /// Asks for one text per call, all together. A call that failed gives `None` and is counted.
    pub(crate) fn ask(
        &self,
        manner: &Manner,
        calls: Vec<Call>,
        account: &mut AgentAccount,
    ) -> Result<Vec<Option<Completion>>, AgentError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let requests: Vec<Generate> = calls.into_iter().map(|call| self.request(manner, call)).collect();
        let role = role_name(manner.agent);
        let mut completions = Vec::with_capacity(requests.len());
        while completions.len() < requests.len() {
            // Where a role was not answered yet, few calls show whether it ever is.
            let rest = &requests[completions.len()..];
            let n = if self.health.is_proven(role) { rest.len() } else { rest.len().min(ENOUGH) };
            let answers = self.model.generate(&rest[..n]);
            check_count(n, answers.len())?;
            for answer in answers {
                self.health.book_text(role, &answer);
                let answer = counted(answer, manner.agent, account, |completion| completion.usage)?;
                if let Some(completion) = &answer {
                    note_form(account, completion);
                }
                completions.push(answer);
            }
            self.health.judge(role, self.settings, false)?;
        }
        Ok(completions)
    }

    /// Says that an answer was cut off before what was asked for came.
    pub(crate) fn note_cut(&self, agent: AgentRole, completion: &Completion) {
        if completion.stop == StopReason::Length && !completion.says_nothing() {
            self.health.book_cut(role_name(agent));
        }
    }

    /// Stops where a role is never answered with what was asked for.
    pub(crate) fn judge_health(&self, agent: AgentRole) -> Result<(), AgentError> {
        self.health.judge(role_name(agent), self.settings, false)
    }

    fn request(&self, manner: &Manner, call: Call) -> Generate {
        let Manner { agent, max_tokens, schema, choices } = manner;
        let path = [SAMPLING, call.session as u64, call.step as u64, *agent as u64, call.attempt as u64];
        // Servers keep seeds in 32 signed bits.
        let seed = u64::from(rng_for(self.seed, &path).random::<u32>() >> 1);
        let sampling = &self.settings.sampling;
        let temperature =
            if *agent == AgentRole::Critic { sampling.critic_temperature } else { sampling.temperature };
        Generate {
            agent: *agent,
            messages: call.messages,
            sampling: Sampling {
                temperature,
                top_p: sampling.top_p,
                max_tokens: *max_tokens,
                seed,
                stop: Vec::new(),
            },
            schema: schema.clone(),
            choices: choices.clone(),
            excluded: call.excluded,
        }
    }

    /// Asks how likely texts are, all together.
    pub(crate) fn score(
        &self,
        requests: &[Score],
        account: &mut AgentAccount,
    ) -> Result<Vec<Option<Vec<Continuation>>>, AgentError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.model.score(requests);
        check_count(requests.len(), answers.len())?;
        let mut scored = Vec::with_capacity(answers.len());
        for answer in answers {
            self.health.book(role_name(AgentRole::Actor), answer.as_ref().err());
            scored.push(counted(answer, AgentRole::Actor, account, |scored| total_usage(scored))?);
        }
        self.judge_health(AgentRole::Actor)?;
        Ok(scored)
    }

    /// The JSON schema of an answer, for models that keep to one.
    pub(crate) fn schema(&self, properties: &serde_json::Value) -> Option<serde_json::Value> {
        if !self.model.capabilities().obeys_schema {
            return None;
        }
        let names: Vec<&String> = properties.as_object().map(|o| o.keys().collect()).unwrap_or_default();
        Some(serde_json::json!({
            "type": "object", "properties": properties, "required": names, "additionalProperties": false
        }))
    }

    /// The chat of one template for one session, short enough: `complete` fills in what the role needs.
    pub(crate) fn chat(
        &self,
        template: &str,
        session: &AgentSession,
        complete: impl Fn(&mut Situation<'_>),
    ) -> Result<Vec<Message>, AgentError> {
        let mut messages = Vec::new();
        let longest = self.longest_prompt();
        for (n_thoughts, n_steps) in CUTS {
            let mut situation = self.situation(session, n_thoughts, n_steps);
            complete(&mut situation);
            messages = self.prompts.chat(template, &situation)?;
            let n_tokens: usize = messages.iter().map(|m| self.model.count_tokens(&m.content)).sum();
            if n_tokens <= longest {
                break;
            }
        }
        Ok(messages)
    }

    /// The most tokens of a prompt: as set, and so that the longest answer fits into the model's context.
    fn longest_prompt(&self) -> usize {
        let s = &self.settings.sampling;
        let answers = [s.planner_tokens, s.actor_tokens, s.critic_tokens, s.reflector_tokens];
        let answer = answers.into_iter().max().unwrap_or(0) as usize + TEMPLATE_TOKENS;
        let context = self.model.capabilities().context.unwrap_or(usize::MAX);
        self.settings.prompt_tokens.min(context.saturating_sub(answer))
    }

    fn situation(&self, session: &AgentSession, n_thoughts: usize, n_steps: usize) -> Situation<'_> {
        let all = session.steps.len();
        let step = |(at, step): (usize, &demonstrations::DemoStep)| Shown {
            number: at + 1,
            title: title_of(self.scene, step.step.item),
            liked: plain(step.step.reward),
            thought: step.thought.clone().filter(|_| all - at <= n_thoughts),
        };
        Situation {
            reminders: session.mind.reminders.clone(),
            history: session.mind.history.clone(),
            steps: session.steps.iter().enumerate().skip(all.saturating_sub(n_steps)).map(step).collect(),
            n_steps: all,
            total: plain(session.steps.iter().map(|s| s.step.reward).sum()),
            number: all + 1,
            ..self.blank()
        }
    }

    /// A situation in which nothing is known of the user.
    pub(crate) fn blank(&self) -> Situation<'_> {
        Situation {
            noun: &self.settings.noun,
            nouns: &self.settings.nouns,
            structured: self.model.capabilities().obeys_schema,
            total: plain(0.0),
            number: 1,
            ..Situation::default()
        }
    }
}

/// Counts what is wrong with the form of an answer.
fn note_form(account: &mut AgentAccount, completion: &Completion) {
    if completion.stop == StopReason::Length {
        note(account, Problem::CutShort.word());
    }
    if completion.says_nothing() {
        note(account, NO_ANSWER);
    }
}

/// Counts one more of something that was not understood.
pub(crate) fn note(account: &mut AgentAccount, kind: &str) {
    *account.misunderstood.entry(kind.to_owned()).or_default() += 1;
}

/// Counts what was wrong with an answer of a role.
pub(crate) fn note_all(account: &mut AgentAccount, problems: &[Problem]) {
    problems.iter().for_each(|problem| note(account, problem.word()));
}

/// Counts one answer. What ends the run is an error; any other failure is an absent answer.
fn counted<T>(
    answer: Result<T, LlmError>,
    agent: AgentRole,
    account: &mut AgentAccount,
    usage: impl Fn(&T) -> Usage,
) -> Result<Option<T>, AgentError> {
    match answer {
        Ok(answer) => {
            let calls = account.calls.entry(role_name(agent).to_owned()).or_default();
            let Usage { tokens_in, tokens_reused, tokens_out, seconds } = usage(&answer);
            calls.answered += 1;
            calls.tokens_in += tokens_in;
            calls.tokens_reused += tokens_reused;
            calls.tokens_out += tokens_out;
            calls.seconds += seconds;
            Ok(Some(answer))
        }
        // Which role was asked says which setting it is about.
        Err(LlmError::Unavailable { reason, hint }) => {
            let reason = format!("{}: {reason}", role_name(agent));
            Err(LlmError::Unavailable { reason, hint }.into())
        }
        Err(error) if error.ends_the_run() => Err(error.into()),
        Err(error) => {
            account.fail(role_name(agent), &error.to_string());
            Ok(None)
        }
    }
}

fn total_usage(scored: &[Continuation]) -> Usage {
    scored.iter().fold(Usage::default(), |sum, one| sum.plus(&one.usage))
}

fn check_count(expected: usize, got: usize) -> Result<(), AgentError> {
    if expected == got {
        return Ok(());
    }
    let reason = format!("the model was asked {expected} things and answered {got}");
    Err(LlmError::Unavailable { reason, hint: "this is a mistake of the model's backend".to_owned() }.into())
}

/// The name of a role in accounts.
pub(crate) fn role_name(agent: AgentRole) -> &'static str {
    match agent {
        AgentRole::Planner => "planner",
        AgentRole::Actor => "actor",
        AgentRole::Critic => "critic",
        AgentRole::Reflector => "reflector",
        AgentRole::Other => "other",
    }
}
