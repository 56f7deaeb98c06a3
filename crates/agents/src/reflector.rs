//! The reflector: a lesson after every session, and who is reminded of it later.

use crate::agent_session::AgentSession;
use crate::agents::{Agents, Call, LESSONS, Manner, note_all};
use crate::memory::{Memo, Memories};
use crate::reply::read_reflection;
use crate::{AgentError, Recall};
use demonstrations::AgentAccount;
use llm::AgentRole;
use mdp::{ExitReason, StepEnd, rng_for};
use rand::RngExt as _;
use serde_json::json;

impl Agents<'_> {
    /// Reminds every session of lessons, before its first step.
    pub(crate) fn remind(
        &self,
        sessions: &mut [AgentSession],
        memories: &Memories,
        account: &mut AgentAccount,
    ) -> Result<(), AgentError> {
        let (count, lessons) = (self.settings.memory.reflections, &memories.lessons);
        if self.modules.recall == Recall::Nothing || count == 0 || lessons.len() == 0 {
            return Ok(());
        }
        let rows: Vec<Vec<usize>> = match self.modules.recall {
            Recall::Random => {
                sessions.iter().map(|session| self.drawn(session.number, lessons.len(), count)).collect()
            }
            _ => self.similar(sessions, memories, count, account)?,
        };
        for (session, rows) in sessions.iter_mut().zip(rows) {
            session.mind.reminders = rows.iter().map(|&row| lessons.value(row).clone()).collect();
            *account.reminders.entry("reflections".to_owned()).or_default() +=
                session.mind.reminders.len() as u64;
        }
        Ok(())
    }

    /// `count` different lessons by the run's seed, oldest first.
    fn drawn(&self, session: usize, n_lessons: usize, count: usize) -> Vec<usize> {
        let mut rng = rng_for(self.seed, &[LESSONS, session as u64]);
        let mut rows: Vec<usize> = (0..n_lessons).collect();
        for at in 0..count.min(n_lessons) {
            rows.swap(at, rng.random_range(at..n_lessons));
        }
        rows.truncate(count);
        rows.sort_unstable();
        rows
    }

    fn similar(
        &self,
        sessions: &[AgentSession],
        memories: &Memories,
        count: usize,
        account: &mut AgentAccount,
    ) -> Result<Vec<Vec<usize>>, AgentError> {
        let keys: Vec<String> = sessions.iter().map(|session| session.mind.history_key()).collect();
        let farthest = self.settings.memory.reflection_distance;
        let near = |vector: Vec<f32>| {
            let found = memories.lessons.nearest(&vector, count);
            found.into_iter().filter(|(_, distance)| *distance <= farthest).map(|(row, _)| row).collect()
        };
        Ok(self.vectors(&keys, account)?.unwrap_or_default().into_iter().map(near).collect())
    }

    /// Draws a lesson from every session that had a step.
    pub(crate) fn reflect(
        &self,
        sessions: &mut [AgentSession],
        account: &mut AgentAccount,
    ) -> Result<Vec<Memo>, AgentError> {
        let over: Vec<usize> = (0..sessions.len()).filter(|&at| !sessions[at].steps.is_empty()).collect();
        let manner = Manner {
            agent: AgentRole::Reflector,
            max_tokens: self.settings.sampling.reflector_tokens,
            schema: self.schema(&json!({"lesson": {"type": "string"}})),
            choices: None,
        };
        let calls = over.iter().map(|&at| self.reflector_call(&sessions[at])).collect::<Result<_, _>>()?;
        let mut memos = Vec::new();
        for (answer, at) in self.ask(&manner, calls, account)?.into_iter().zip(over) {
            let Some(completion) = answer else { continue };
            let understood = read_reflection(&completion.text);
            note_all(account, &understood.problems);
            if let Some(text) = understood.value {
                memos.push(Memo::Lesson { key: sessions[at].mind.history_key(), text: text.clone() });
                sessions[at].mind.lesson = Some(text);
            } else {
                self.note_cut(AgentRole::Reflector, &completion);
            }
        }
        self.judge_health(AgentRole::Reflector)?;
        Ok(memos)
    }

    fn reflector_call(&self, session: &AgentSession) -> Result<Call, AgentError> {
        let messages = self.chat("reflector", session, |situation| situation.ending = ending(session))?;
        Ok(Call {
            session: session.number,
            step: session.steps.len(),
            attempt: 0,
            messages,
            excluded: Vec::new(),
        })
    }
}

/// What a person could tell: that they left and over which item, not by which rule of the environment.
fn ending(session: &AgentSession) -> &'static str {
    match session.environment.end() {
        StepEnd::Terminated(ExitReason::LowReward) => "the person left, the last one was not liked.",
        StepEnd::Terminated(_) => "the person left after the last one.",
        _ if session.is_given_up => "no further recommendation came.",
        _ => "time was up, the person would have stayed.",
    }
}
