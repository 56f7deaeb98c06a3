//! One batch: sessions that go step by step together, the calls of one step sent as one batch to the model.

use crate::agents::Agents;
use crate::memory::{Memo, Memories};
use crate::seat::{Finished, Seat};
use crate::{AgentError, Recall};
use demonstrations::AgentAccount;
use environment::Environment;
use mdp::UserIdx;
use serde::{Deserialize, Serialize};

/// Told after every step of a batch how it stands.
pub(crate) type Tell<'t> = dyn FnMut(&[Seat<'_>], &AgentAccount) + 't;

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

impl Agents<'_> {
    /// Plays the sessions `first..` of the users. The memories stay as they are until the batch is over.
    pub(crate) fn play(
        &self,
        environment: &Environment,
        first: usize,
        users: &[UserIdx],
        memories: &Memories,
        tell: &mut Tell<'_>,
    ) -> Result<Batch, AgentError> {
        let (mut account, mut memos) = (AgentAccount::default(), Vec::new());
        let n_history = self.settings.history_titles;
        let mut seats: Vec<Seat<'_>> = users
            .iter()
            .enumerate()
            .map(|(at, &user)| Seat::new(self.scene, first + at, user, n_history, environment))
            .collect::<Result<_, _>>()?;
        self.remind(&mut seats, memories, &mut account)?;
        loop {
            let active: Vec<usize> =
                (0..seats.len()).filter(|&at| seats[at].goes_on(self.settings.horizon)).collect();
            if active.is_empty() {
                break;
            }
            memos.extend(self.step(&mut seats, &active, memories, &mut account)?);
            tell(&seats, &account);
        }
        if self.modules.recall != Recall::Nothing {
            memos.extend(self.reflect(&mut seats, &mut account)?);
        }
        let finished = seats.into_iter().map(|seat| seat.finish(self.scene)).collect();
        Ok(Batch { finished, memos, account })
    }

    /// One step of every active session.
    fn step(
        &self,
        seats: &mut [Seat<'_>],
        active: &[usize],
        memories: &Memories,
        account: &mut AgentAccount,
    ) -> Result<Vec<Memo>, AgentError> {
        if self.modules.thought {
            self.plan(seats, active, account)?;
        }
        self.hint(seats, active, memories, account)?;
        self.act(seats, active, account)?;
        let (mut acted, mut keys) = (Vec::new(), Vec::new());
        for &at in active {
            let seat = &mut seats[at];
            let Some(choice) = seat.draft.choice.take() else { continue };
            keys.push(seat.state_key(self.settings.state_titles));
            let outcome = seat.session.step(choice.item)?;
            seat.show(self.scene, choice, outcome);
            acted.push(at);
        }
        if !self.modules.critic {
            return Ok(Vec::new());
        }
        self.judge(seats, &acted, &keys, memories, account)
    }
}
