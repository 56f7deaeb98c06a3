//! The actor that writes a title: freely, or within the catalogue.

use super::fill;
use crate::agent_session::{AgentSession, Choice, title_of};
use crate::agents::{Agents, Call, Manner, note, note_all};
use crate::prompts::Refusal;
use crate::reply::{Problem, read_title};
use crate::slate::nearest_titles;
use crate::{AgentError, UnknownTitle};
use demonstrations::{AgentAccount, AnswerRecord, Grounded, Grounding, GroundingStatus};
use llm::{AgentRole, Completion};
use mdp::ItemIdx;
use serde_json::json;

impl Agents<'_> {
    /// Asks until every session has an item or has used up its attempts; all that wait are asked together. A call that
    /// failed is asked again as it was, so that a passing fault changes nothing that follows.
    pub(super) fn act_freely(
        &self,
        sessions: &mut [AgentSession],
        active: &[usize],
        account: &mut AgentAccount,
    ) -> Result<(), AgentError> {
        let is_open = self.choices.is_none();
        let manner = Manner {
            agent: AgentRole::Actor,
            max_tokens: self.settings.sampling.actor_tokens,
            schema: if is_open { self.schema(&json!({"title": {"type": "string"}})) } else { None },
            choices: self.choices.clone(),
        };
        let mut n_answers = vec![0; sessions.len()];
        for _ in 0..self.settings.attempts {
            let waiting: Vec<usize> =
                active.iter().copied().filter(|&at| sessions[at].mind.draft.choice.is_none()).collect();
            let calls = waiting
                .iter()
                .map(|&at| self.actor_call(&sessions[at], n_answers[at]))
                .collect::<Result<_, _>>()?;
            for (answer, &at) in self.ask(&manner, calls, account)?.into_iter().zip(&waiting) {
                if let Some(completion) = answer {
                    n_answers[at] += 1;
                    let is_meant = self.take(&mut sessions[at], &completion, account)?;
                    if !is_meant {
                        self.note_cut(AgentRole::Actor, &completion);
                    }
                }
            }
            self.judge_health(AgentRole::Actor)?;
        }
        Ok(())
    }

    fn actor_call(&self, session: &AgentSession, attempt: usize) -> Result<Call, AgentError> {
        let is_constrained = self.choices.is_some();
        let messages = self.chat("actor", session, |situation| {
            fill(situation, &session.mind.draft);
            situation.structured &= !is_constrained;
        })?;
        let excluded = if is_constrained { self.excluded(session) } else { Vec::new() };
        Ok(Call { session: session.number, step: session.steps.len(), attempt, messages, excluded })
    }

    /// The rows that cannot be chosen: known, shown, or without a title.
    fn excluded(&self, session: &AgentSession) -> Vec<u32> {
        let texts = self.choices.as_ref().map_or(&[][..], |choices| &choices.texts);
        let is_out = |row: u32| session.unavailable.contains(ItemIdx(row)) || texts[row as usize].is_empty();
        (0..texts.len() as u32).filter(|&row| is_out(row)).collect()
    }

    /// Takes an answer: as the draft's choice, or as a refusal. Whether it names an item at all.
    fn take(
        &self,
        session: &mut AgentSession,
        completion: &Completion,
        account: &mut AgentAccount,
    ) -> Result<bool, AgentError> {
        let Some((text, grounded)) = self.meant(completion, account)? else { return Ok(false) };
        let open = grounded.item.filter(|&item| !session.unavailable.contains(item));
        if let Some(item) = open {
            let log_prob = completion.log_prob.filter(|_| self.choices.is_some());
            session.mind.draft.choice =
                Some(Choice { item, text, grounded, log_prob, lift: None, slate: Vec::new() });
            return Ok(true);
        }
        if self.modules.unknown_title == UnknownTitle::Nearest
            && let Some(&(item, distance)) =
                nearest_titles(self.index.vectors(), &text, 1, &session.unavailable).first()
        {
            let grounding = Grounding { status: GroundingStatus::Embedding, distance };
            let grounded = Grounded { item: Some(item), grounding, is_ambiguous: false };
            session.mind.draft.choice =
                Some(Choice { item, text, grounded, log_prob: None, lift: None, slate: Vec::new() });
            return Ok(true);
        }
        let is_meant = grounded.item.is_some();
        self.refuse(session, text, grounded);
        Ok(is_meant)
    }

    /// The text of an answer and what it means; absent where no title was understood.
    fn meant(
        &self,
        completion: &Completion,
        account: &mut AgentAccount,
    ) -> Result<Option<(String, Grounded)>, AgentError> {
        if let (Some(choices), Some(row)) = (&self.choices, completion.choice)
            && let Some(text) = choices.texts.get(row as usize)
        {
            let grounding = Grounding { status: GroundingStatus::Exact, distance: 0.0 };
            let grounded = Grounded { item: Some(ItemIdx(row)), grounding, is_ambiguous: false };
            return Ok(Some((text.clone(), grounded)));
        }
        if self.choices.is_some() {
            note(account, Problem::NotAChoice.word());
        }
        let understood = read_title(&completion.text);
        note_all(account, &understood.problems);
        let Some(text) = understood.value else { return Ok(None) };
        let grounded = self.ground(&text, account)?;
        Ok(Some((text, grounded)))
    }

    fn refuse(&self, session: &mut AgentSession, text: String, grounded: Grounded) {
        let why = match grounded.item {
            None => "it is not among those that we have",
            Some(_) => "the person knows it already or has just been shown it",
        };
        let n_nearest = if grounded.item.is_none() { self.settings.alternatives } else { 0 };
        let nearest = nearest_titles(self.index.vectors(), &text, n_nearest, &session.unavailable);
        let nearest = nearest.into_iter().map(|(item, _)| title_of(self.scene, item)).collect();
        let refusal = Refusal { title: text.clone(), why, nearest };
        if !session.mind.draft.refused.contains(&refusal) {
            session.mind.draft.refused.push(refusal);
        }
        session.answers.push(AnswerRecord { text, grounded, is_shown: false });
    }
}
