//! How well each role is answered: one that never is ends the run, because its absence would show nowhere else.

use crate::{AgentError, AgentSettings};
use demonstrations::AgentAccount;
use llm::{Completion, LlmError, StopReason};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Calls of a role after which it is clear that it is never answered.
pub(crate) const ENOUGH: usize = 10;

/// The roles of a run, by name.
#[derive(Debug, Default)]
pub(crate) struct Health {
    roles: RefCell<BTreeMap<&'static str, Tally>>,
}

/// One role so far.
#[derive(Debug, Default)]
struct Tally {
    n_asked: u64,
    /// Calls that brought nothing: failed, silent, or cut off before what was asked for came.
    n_void: u64,
    /// Those of them that were cut off.
    n_cut: u64,
    /// Why the last of them brought nothing, and what helps.
    why: Option<(String, Option<String>)>,
}

impl Tally {
    fn void(&mut self, is_cut: bool, why: String, hint: Option<&str>) {
        self.n_void += 1;
        self.n_cut += u64::from(is_cut);
        self.why = Some((why, hint.map(str::to_owned)));
    }
}

impl Health {
    /// Books a text that a role was asked for.
    pub(crate) fn book_text(&self, role: &'static str, answer: &Result<Completion, LlmError>) {
        let error = answer.as_ref().err();
        self.book(role, error);
        if let Ok(completion) = answer
            && completion.says_nothing()
        {
            let is_cut = completion.stop == StopReason::Length;
            self.with(role, |tally| tally.void(is_cut, "nothing was said".to_owned(), None));
        }
    }

    /// Books a call that was answered, or failed.
    pub(crate) fn book(&self, role: &'static str, error: Option<&LlmError>) {
        self.with(role, |tally| {
            tally.n_asked += 1;
            if let Some(error) = error {
                let is_cut = matches!(error, LlmError::CutOff { .. });
                tally.void(is_cut, error.to_string(), error.hint());
            }
        });
    }

    /// An answer that said something was cut off before what was asked for came.
    pub(crate) fn book_cut(&self, role: &'static str) {
        self.with(role, |tally| tally.void(true, "cut off".to_owned(), None));
    }

    /// What an earlier run was answered.
    pub(crate) fn absorb(&self, account: &AgentAccount) {
        for role in ROLES {
            if let Some(calls) = account.calls.get(role) {
                self.with(role, |tally| {
                    tally.n_asked += calls.answered + calls.failed;
                    tally.n_void += calls.failed;
                });
            }
        }
    }

    /// Whether a role was answered at least once.
    pub(crate) fn is_proven(&self, role: &'static str) -> bool {
        self.with(role, |tally| tally.n_void < tally.n_asked)
    }

    /// Refuses to go on where a role was asked often enough (or the run is over) and never answered.
    pub(crate) fn judge(
        &self,
        role: &'static str,
        settings: &AgentSettings,
        is_over: bool,
    ) -> Result<(), AgentError> {
        self.with(role, |tally| {
            let is_enough = tally.n_asked >= ENOUGH as u64 || is_over;
            if !is_enough || tally.n_asked == 0 || tally.n_void < tally.n_asked {
                return Ok(());
            }
            let n = tally.n_asked;
            if let Some((setting, tokens, what)) = limit_of(role, settings)
                && 2 * tally.n_cut > n
            {
                return Err(AgentError::CutOff { n_cut: tally.n_cut, n, role, tokens, setting, what });
            }
            let (why, hint) = tally.why.clone().unwrap_or_default();
            Err(AgentError::Mute { role, n, why, hint })
        })
    }

    /// The same for all roles.
    pub(crate) fn judge_all(&self, settings: &AgentSettings, is_over: bool) -> Result<(), AgentError> {
        ROLES.iter().try_for_each(|role| self.judge(role, settings, is_over))
    }

    fn with<T>(&self, role: &'static str, work: impl FnOnce(&mut Tally) -> T) -> T {
        work(self.roles.borrow_mut().entry(role).or_default())
    }
}

/// All roles, in the order in which they are asked.
const ROLES: [&str; 5] = ["planner", "actor", "critic", "reflector", "embedder"];

/// The setting that limits a role's answers, its value, and what is asked for.
fn limit_of(role: &str, settings: &AgentSettings) -> Option<(&'static str, u32, &'static str)> {
    let sampling = &settings.sampling;
    match role {
        "planner" => Some(("sampling.planner_tokens", sampling.planner_tokens, "a thought")),
        "actor" => Some(("sampling.actor_tokens", sampling.actor_tokens, "a title")),
        "critic" => Some(("sampling.critic_tokens", sampling.critic_tokens, "a value")),
        "reflector" => Some(("sampling.reflector_tokens", sampling.reflector_tokens, "a lesson")),
        _ => None,
    }
}
