//! The actor: from a situation to an item that can be shown.

mod free;
mod score;

use crate::agent_session::{AgentSession, Draft, title_of};
use crate::agents::Agents;
use crate::memory::Memories;
use crate::prompts::Situation;
use crate::{ActorKind, AgentError};
use demonstrations::AgentAccount;

impl Agents<'_> {
    /// Reminds the actor of what went well and badly in states like these.
    pub(crate) fn hint(
        &self,
        sessions: &mut [AgentSession],
        active: &[usize],
        memories: &Memories,
        account: &mut AgentAccount,
    ) -> Result<(), AgentError> {
        if !self.modules.actor_memory || memories.marks.len() == 0 {
            return Ok(());
        }
        let keys: Vec<String> =
            active.iter().map(|&at| sessions[at].mind.state_key(self.settings.state_titles)).collect();
        let vectors = self.vectors(&keys, account)?.unwrap_or_default();
        for (vector, &at) in vectors.iter().zip(active) {
            let Some(marks) = memories.marks.below(vector, self.settings.memory.actor_distance) else {
                continue;
            };
            *account.reminders.entry("actor_memory".to_owned()).or_default() += 1;
            // What cannot be shown to this user is no advice.
            let session = &sessions[at];
            let titles = |wanted: bool| -> Vec<String> {
                let marked = marks.iter().filter(|(_, went_well)| **went_well == wanted);
                let open = marked.map(|(&item, _)| item).filter(|&item| !session.unavailable.contains(item));
                open.map(|item| title_of(self.scene, item)).collect()
            };
            let (encouraged, discouraged) = (titles(true), titles(false));
            let draft = &mut sessions[at].mind.draft;
            (draft.encouraged, draft.discouraged) = (encouraged, discouraged);
        }
        Ok(())
    }

    /// Drafts a choice for every active session; where none comes, the session will be given up.
    pub(crate) fn act(
        &self,
        sessions: &mut [AgentSession],
        active: &[usize],
        account: &mut AgentAccount,
    ) -> Result<(), AgentError> {
        match self.settings.actor {
            ActorKind::Free => self.act_freely(sessions, active, account)?,
            ActorKind::Score => self.act_by_score(sessions, active, account)?,
        }
        for &at in active {
            account.steps_abandoned += u64::from(sessions[at].mind.draft.choice.is_none());
        }
        Ok(())
    }
}

/// Puts a draft into the situation of the actor's prompt.
fn fill(situation: &mut Situation<'_>, draft: &Draft) {
    situation.thought.clone_from(&draft.thought);
    situation.plan.clone_from(&draft.plan);
    situation.encouraged.clone_from(&draft.encouraged);
    situation.discouraged.clone_from(&draft.discouraged);
    situation.refused.clone_from(&draft.refused);
}
