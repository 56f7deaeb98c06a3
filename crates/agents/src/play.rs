//! One batch: sessions that go step by step together, the calls of one step sent as one batch to the model.

use crate::agent_session::{AgentSession, Finished};
use crate::agents::{Agents, NO_ANSWER};
use crate::memory::{Memo, Memories};
use crate::reply::Problem;
use crate::{AgentError, Recall};
use demonstrations::AgentAccount;
use environment::{Environment, EnvironmentError, SessionSeed};
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
        let (mut account, mut memos) = (AgentAccount::default(), Vec::new());
        let n_history = self.settings.history_titles;
        let mut sessions: Vec<AgentSession> = users
            .iter()
            .enumerate()
            .map(|(at, &user)| {
                let (number, seed) = (first + at, self.seed);
                let session = environment.start_seeded(user, SessionSeed { seed, stream: number as u64 })?;
                Ok(AgentSession::new(self.scene, number, session, n_history))
            })
            .collect::<Result<_, EnvironmentError>>()?;
        let stopped = match self.play_on(&mut sessions, memories, (&mut account, &mut memos), tell) {
            Ok(()) => None,
            Err(AgentError::Model(error)) if error.ends_the_run() => {
                sessions.retain(|session| session.environment.end().is_terminated());
                Some(error)
            }
            Err(error) => return Err(error),
        };
        let finished = sessions.into_iter().map(|session| session.finish(self.scene)).collect();
        Ok(Played { batch: Batch { finished, memos, account }, stopped })
    }

    /// Step by step until every session is over, then what is to be learned from them.
    fn play_on(
        &self,
        sessions: &mut [AgentSession],
        memories: &Memories,
        (account, memos): (&mut AgentAccount, &mut Vec<Memo>),
        tell: &mut Tell<'_>,
    ) -> Result<(), AgentError> {
        self.remind(sessions, memories, account)?;
        loop {
            let active: Vec<usize> =
                (0..sessions.len()).filter(|&at| sessions[at].goes_on(self.settings.horizon)).collect();
            if active.is_empty() {
                break;
            }
            memos.extend(self.step(sessions, &active, memories, account)?);
            tell(sessions, account);
        }
        if self.modules.recall != Recall::Nothing {
            memos.extend(self.reflect(sessions, account)?);
        }
        Ok(())
    }

    /// One step of every active session.
    fn step(
        &self,
        sessions: &mut [AgentSession],
        active: &[usize],
        memories: &Memories,
        account: &mut AgentAccount,
    ) -> Result<Vec<Memo>, AgentError> {
        if self.modules.thought {
            self.plan(sessions, active, account)?;
        }
        self.hint(sessions, active, memories, account)?;
        self.act(sessions, active, account)?;
        let (mut acted, mut keys) = (Vec::new(), Vec::new());
        for &at in active {
            let session = &mut sessions[at];
            let Some(choice) = session.draft.choice.take() else { continue };
            keys.push(session.state_key(self.settings.state_titles));
            let outcome = session.environment.step(choice.item)?;
            session.show(self.scene, choice, outcome);
            acted.push(at);
        }
        if !self.modules.critic {
            return Ok(Vec::new());
        }
        self.judge(sessions, &acted, &keys, memories, account)
    }
}
