//! The critic: what a state promises, and what that says about the step that led there.

use crate::AgentError;
use crate::agent_session::{AgentSession, plain};
use crate::agents::{Agents, Call, Manner, note_all};
use crate::memory::{Memo, Memories};
use crate::reply::read_value;
use demonstrations::{AgentAccount, Explanation};
use llm::{AgentRole, Choices};
use serde_json::json;
use std::sync::Arc;

impl Agents<'_> {
    /// Judges the states that the last step of every session in `acted` led to, and remembers what that says.
    pub(crate) fn judge(
        &self,
        sessions: &mut [AgentSession],
        acted: &[usize],
        memories: &Memories,
        account: &mut AgentAccount,
    ) -> Result<Vec<Memo>, AgentError> {
        let staying: Vec<usize> =
            acted.iter().copied().filter(|&at| !sessions[at].environment.end().is_terminated()).collect();
        let values = self.values(sessions, &staying, memories, account)?;
        for (&at, &value) in staying.iter().zip(&values) {
            if let Some(step) = sessions[at].steps.last_mut() {
                step.critic_value = value;
            }
        }
        Ok(acted.iter().flat_map(|&at| self.book(&mut sessions[at])).collect())
    }

    /// V(s') of every session of the list; absent where the critic said nothing that can be understood.
    fn values(
        &self,
        sessions: &[AgentSession],
        staying: &[usize],
        memories: &Memories,
        account: &mut AgentAccount,
    ) -> Result<Vec<Option<f32>>, AgentError> {
        let settings = self.settings;
        let keys: Vec<String> =
            staying.iter().map(|&at| sessions[at].mind.state_key(settings.state_titles)).collect();
        let vectors = match memories.worths.len() {
            0 => Vec::new(),
            _ => self.vectors(&keys, account)?.unwrap_or_default(),
        };
        let mut calls = Vec::with_capacity(staying.len());
        for (row, &at) in staying.iter().enumerate() {
            let distance = settings.memory.critic_distance;
            let remembered =
                vectors.get(row).and_then(|vector| memories.worths.below(vector, distance)).copied();
            if remembered.is_some() {
                *account.reminders.entry("critic_memory".to_owned()).or_default() += 1;
            }
            calls.push(self.critic_call(&sessions[at], remembered)?);
        }
        let manner = Manner {
            agent: AgentRole::Critic,
            max_tokens: settings.sampling.critic_tokens,
            schema: self.schema(&json!({"value": {"type": "integer", "minimum": -5, "maximum": 5}})),
            choices: self.model.capabilities().obeys_choices.then(whole_values),
        };
        let answers = self.ask(&manner, calls, account)?;
        let read = |answer: Option<llm::Completion>| {
            let completion = answer?;
            let understood = read_value(&completion.text);
            note_all(account, &understood.problems);
            if understood.value.is_none() {
                self.note_cut(AgentRole::Critic, &completion);
            }
            understood.value
        };
        let values = answers.into_iter().map(read).collect();
        self.judge_health(AgentRole::Critic)?;
        Ok(values)
    }

    fn critic_call(&self, session: &AgentSession, remembered: Option<f32>) -> Result<Call, AgentError> {
        let messages = self.chat("critic", session, |situation| {
            situation.titles = session.mind.last_titles(self.settings.state_titles).to_vec();
            situation.remembered_value = remembered.map(plain);
        })?;
        // The critic judges what the step before led to.
        let step = session.steps.len().saturating_sub(1);
        Ok(Call { session: session.number, step, attempt: 0, messages, excluded: Vec::new() })
    }

    /// Books the advantage of the last step. A user who left promises nothing more: V(s') is 0 and the reward is
    /// the exit value.
    ///
    /// # Source
    /// BiLLP: A = r + discount * V(s') - V(s); the actor memory holds its sign, the critic memory
    /// r + discount * V(s').
    fn book(&self, session: &mut AgentSession) -> Vec<Memo> {
        let has_left = session.environment.end().is_terminated();
        let before = session.mind.value;
        let Some(step) = session.steps.last_mut() else { return Vec::new() };
        let after = if has_left { 0.0 } else { step.critic_value.unwrap_or(0.0) };
        let reward = if has_left { self.settings.exit_value } else { step.step.reward };
        let worth = reward + self.settings.discount * after;
        let advantage = worth - before;
        let explanation = step.explanation.get_or_insert_with(|| Box::new(Explanation::default()));
        (explanation.value_before, explanation.advantage) = (Some(before), Some(advantage));
        let item = step.step.item;
        session.mind.value = after;
        let key = std::mem::take(&mut session.mind.key_before);
        vec![
            Memo::Mark { key: key.clone(), item, went_well: advantage >= 0.0 },
            Memo::Worth { key, value: worth },
        ]
    }
}

/// Everything that a critic can say. Held to it, a model that writes badly still judges.
fn whole_values() -> Arc<Choices> {
    Arc::new(Choices { texts: (-5..=5).map(|value| value.to_string()).collect() })
}
