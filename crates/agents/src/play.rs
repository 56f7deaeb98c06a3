//! One batch: sessions that go step by step together, the calls of one step sent as one batch to the model.

use crate::agent_session::{AgentSession, Mind, title_of};
use crate::agents::{Agents, NO_ANSWER};
use crate::memory::{Memo, Memories};
use crate::reply::Problem;
use crate::{AgentError, Recall};
use demonstrations::{AgentAccount, Demonstration, Demonstrator, Finished, Shown, begin, play};
use environment::{Environment, SessionSeed};
use llm::LlmError;
use mdp::UserIdx;
use serde::{Deserialize, Serialize};

/// Told after every step of a batch how it stands.
pub(crate) type Tell<'t> = dyn FnMut(&[AgentSession], &AgentAccount) + 't;

/// What a batch leaves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// The sessions in order.
    pub(crate) finished: Vec<Finished>,
    /// What to remember, in the order in which it happened.
    pub(crate) memos: Vec<Memo>,
    /// What it cost and how it was understood.
    pub(crate) account: AgentAccount,
}

/// A batch as far as it came.
pub(crate) struct Played {
    /// All its sessions; where the model ended the run, those whose users had left.
    pub(crate) batch: Batch,
    /// Why the model ended the run, if it did.
    pub(crate) stopped: Option<LlmError>,
}

impl Batch {
    /// Whether every call was answered: only then would playing it again give the same. An answer in which nothing was
    /// said counts as one where the model `repeats` itself.
    pub(crate) fn is_final(&self, repeats: bool) -> bool {
        let said = |kind: &str| self.account.misunderstood.get(kind).copied().unwrap_or(0);
        let has_empty = self.finished.iter().any(|session| session.demonstration.steps.is_empty());
        // Batches of earlier versions say no more than that something was empty.
        let is_silent = said(NO_ANSWER) > 0 || has_empty && said(Problem::Empty.word()) > 0;
        self.account.total().failed == 0 && (repeats || !is_silent)
    }
}

impl Agents<'_> {
    /// Plays the sessions `first..` of the users. The memories stay as they are until the batch is over.
    pub(crate) fn play(
        &self,
        environment: &Environment,
        first: usize,
        users: &[UserIdx],
        memories: &Memories,
        tell: &mut Tell<'_>,
    ) -> Result<Played, AgentError> {
        let mut acting =
            Acting { agents: self, memories, account: AgentAccount::default(), memos: Vec::new() };
        let mut sessions = begin(&acting, self.scene, environment, first, users)?;
        let watch = &mut |sessions: &[AgentSession], acting: &Acting<'_>| tell(sessions, &acting.account);
        let stopped = match play(&mut acting, self.scene, &mut sessions, self.settings.horizon, watch) {
            Ok(()) => None,
            Err(AgentError::Model(error)) if error.ends_the_run() => {
                sessions.retain(|session| session.environment.end().is_terminated());
                Some(error)
            }
            Err(error) => return Err(error),
        };
        let finished = sessions.into_iter().map(|session| session.finish(self.scene, &acting)).collect();
        let Acting { account, memos, .. } = acting;
        Ok(Played { batch: Batch { finished, memos, account }, stopped })
    }
}

/// The agents at one batch.
struct Acting<'a> {
    agents: &'a Agents<'a>,
    memories: &'a Memories,
    account: AgentAccount,
    memos: Vec<Memo>,
}

impl Demonstrator for Acting<'_> {
    type Mind = Mind;
    type Error = AgentError;

    fn seed(&self, number: usize) -> SessionSeed {
        SessionSeed { seed: self.agents.seed, stream: number as u64 }
    }

    fn meet(&self, _number: usize, user: UserIdx) -> Mind {
        Mind::new(self.agents.scene, user, self.agents.settings.history_titles)
    }

    fn prepare(&mut self, sessions: &mut [AgentSession]) -> Result<(), AgentError> {
        self.agents.remind(sessions, self.memories, &mut self.account)
    }

    fn choose(
        &mut self,
        sessions: &mut [AgentSession],
        active: &[usize],
    ) -> Result<Vec<Option<Shown>>, AgentError> {
        let Self { agents, memories, account, .. } = self;
        if agents.modules.thought {
            agents.plan(sessions, active, account)?;
        }
        agents.hint(sessions, active, memories, account)?;
        agents.act(sessions, active, account)?;
        let take = |&at: &usize| {
            let mind = &mut sessions[at].mind;
            mind.key_before = mind.state_key(agents.settings.state_titles);
            mind.take_draft()
        };
        Ok(active.iter().map(take).collect())
    }

    fn observe(&mut self, sessions: &mut [AgentSession], acted: &[usize]) -> Result<(), AgentError> {
        let Self { agents, memories, account, memos } = self;
        for &at in acted {
            if let Some(last) = sessions[at].steps.last() {
                let title = title_of(agents.scene, last.step.item);
                sessions[at].mind.titles.push(title);
            }
        }
        if agents.modules.critic {
            memos.extend(agents.judge(sessions, acted, memories, account)?);
        }
        Ok(())
    }

    fn conclude(&mut self, sessions: &mut [AgentSession]) -> Result<(), AgentError> {
        if self.agents.modules.recall != Recall::Nothing {
            self.memos.extend(self.agents.reflect(sessions, &mut self.account)?);
        }
        Ok(())
    }

    fn tell(&self, mind: Mind, demonstration: &mut Demonstration) {
        demonstration.history_titles = mind.history.into_iter().map(|seen| seen.title).collect();
        demonstration.reminded_of = mind.reminders;
        demonstration.lesson = mind.lesson;
    }
}
