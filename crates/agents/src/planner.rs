//! The planner: a thought and a plan before every action.

use crate::AgentError;
use crate::agent_session::AgentSession;
use crate::agents::{Agents, Call, Manner, note_all};
use crate::reply::read_thought;
use demonstrations::AgentAccount;
use llm::AgentRole;
use serde_json::json;

impl Agents<'_> {
    /// Lets the planner think for every active session; where it says nothing, the actor goes on without.
    pub(crate) fn plan(
        &self,
        sessions: &mut [AgentSession],
        active: &[usize],
        account: &mut AgentAccount,
    ) -> Result<(), AgentError> {
        let manner = Manner {
            agent: AgentRole::Planner,
            max_tokens: self.settings.sampling.planner_tokens,
            schema: self.schema(&json!({"thought": {"type": "string"}, "plan": {"type": "string"}})),
            choices: None,
        };
        let calls = active.iter().map(|&at| self.planner_call(&sessions[at])).collect::<Result<_, _>>()?;
        for (answer, &at) in self.ask(&manner, calls, account)?.into_iter().zip(active) {
            let Some(completion) = answer else { continue };
            let understood = read_thought(&completion.text);
            note_all(account, &understood.problems);
            if let Some((thought, plan)) = understood.value {
                let draft = &mut sessions[at].mind.draft;
                (draft.thought, draft.plan) = (Some(thought), plan);
            } else {
                self.note_cut(AgentRole::Planner, &completion);
            }
        }
        self.judge_health(AgentRole::Planner)
    }

    fn planner_call(&self, session: &AgentSession) -> Result<Call, AgentError> {
        let messages = self.chat("planner", session, |_| {})?;
        Ok(Call {
            session: session.number,
            step: session.steps.len(),
            attempt: 0,
            messages,
            excluded: Vec::new(),
        })
    }
}
