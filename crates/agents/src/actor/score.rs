//! The actor that judges: which title does this history make more likely than no history would?

use super::fill;
use crate::AgentError;
use crate::agent_session::{AgentSession, Choice};
use crate::agents::Agents;
use demonstrations::{AgentAccount, Candidate, Grounded, Grounding, GroundingStatus};
use llm::{AgentRole, Continuation, Score};
use mdp::ItemIdx;

impl Agents<'_> {
    /// Scores a slate for every active session after its own prompt and after the same question without a
    /// history, and takes the title with the largest difference; the first of equals.
    pub(super) fn act_by_score(
        &self,
        sessions: &mut [AgentSession],
        active: &[usize],
        account: &mut AgentAccount,
    ) -> Result<(), AgentError> {
        let slates: Vec<Vec<ItemIdx>> = active.iter().map(|&at| self.slate_for(&sessions[at])).collect();
        let mut requests = Vec::with_capacity(2 * active.len());
        for (&at, slate) in active.iter().zip(&slates) {
            let session = &sessions[at];
            let with = self.chat("actor", session, |situation| {
                fill(situation, &session.mind.draft);
                situation.structured = false;
            })?;
            let mut blank = self.blank();
            blank.structured = false;
            let without = self.prompts.chat("actor", &blank)?;
            let titles: Vec<String> = slate.iter().map(|&item| self.continuation(item)).collect();
            requests.extend([with, without].map(|messages| Score {
                agent: AgentRole::Actor,
                messages,
                continuations: titles.clone(),
            }));
        }
        let answers = self.score(&requests, account)?;
        for ((&at, slate), pair) in active.iter().zip(&slates).zip(answers.chunks(2)) {
            if let [Some(with), Some(without)] = pair {
                sessions[at].mind.draft.choice = self.best(slate, with, without);
            }
        }
        Ok(())
    }

    fn slate_for(&self, session: &AgentSession) -> Vec<ItemIdx> {
        let history = self.scene.history(session.user).iter().map(|seen| seen.item);
        let latest: Vec<ItemIdx> = history.chain(session.environment.shown().iter().copied()).collect();
        let settings = &self.settings.slate;
        self.slates.slate(self.scene, self.index.vectors(), settings, &latest, &session.unavailable)
    }

    fn continuation(&self, item: ItemIdx) -> String {
        self.scene.catalogue.item(item).title.trim().to_owned()
    }

    fn best(&self, slate: &[ItemIdx], with: &[Continuation], without: &[Continuation]) -> Option<Choice> {
        let scored = slate.iter().zip(with).zip(without).map(|((&item, with), without)| Candidate {
            item,
            title: self.scene.catalogue.item(item).title.clone(),
            log_prob: with.log_prob,
            lift: with.log_prob - without.log_prob,
        });
        let slate: Vec<Candidate> = scored.filter(|candidate| candidate.lift.is_finite()).collect();
        let best = slate.iter().reduce(|best, next| if next.lift > best.lift { next } else { best })?;
        let Candidate { item, title: text, log_prob, lift } = best.clone();
        let grounding = Grounding { status: GroundingStatus::Exact, distance: 0.0 };
        let grounded = Grounded { item: Some(item), grounding, is_ambiguous: false };
        Some(Choice { item, text, grounded, log_prob: Some(log_prob), lift: Some(lift), slate })
    }
}
