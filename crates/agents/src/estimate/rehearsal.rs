//! A stand-in for the model: it answers at no cost, and counts tokens as the model would.

use super::Expected;
use llm::{
    AgentRole, Capabilities, Choices, Completion, Continuation, Generate, LanguageModel, LlmError, Message,
    Score, StopReason, Usage,
};
use std::sync::Arc;

/// Answers with texts of the expected length; the actor's are titles that the prompt does not hold.
pub(super) struct Rehearsal<'a> {
    pub(super) model: &'a dyn LanguageModel,
    /// The catalogue's.
    pub(super) titles: Vec<String>,
    pub(super) expected: &'a Expected,
    /// How many answers of the actor per step cannot be shown.
    pub(super) n_refused: usize,
}

impl Rehearsal<'_> {
    fn answer(&self, request: &Generate) -> Completion {
        let (text, choice, n_tokens) = match request.agent {
            AgentRole::Planner => (self.words("thought", self.expected.planner_tokens), None, 0),
            AgentRole::Critic => ("0".to_owned(), None, self.expected.critic_tokens),
            AgentRole::Reflector => (self.words("lesson", self.expected.reflector_tokens), None, 0),
            AgentRole::Actor | AgentRole::Other => self.title(request),
        };
        let tokens_out = if n_tokens > 0 { n_tokens } else { self.model.count_tokens(&text) };
        let usage = Usage {
            tokens_in: self.tokens_in(&request.messages),
            tokens_out: tokens_out as u64,
            ..Usage::default()
        };
        let stop = if choice.is_some() { StopReason::Choice } else { StopReason::Stop };
        Completion { text, stop, log_prob: None, choice, usage }
    }

    /// A text of about so many tokens.
    fn words(&self, word: &str, n_tokens: usize) -> String {
        let each = self.model.count_tokens(&format!("{word} ").repeat(64)).max(1);
        format!("{word} ").repeat((n_tokens * 64).div_ceil(each))
    }

    fn title(&self, request: &Generate) -> (String, Option<u32>, usize) {
        if let Some(text) = self.refused(request) {
            let n_tokens = self.model.count_tokens(&text) + self.expected.actor_tokens;
            return (text, None, n_tokens);
        }
        let excluded = |row: usize| request.excluded.binary_search(&(row as u32)).is_ok();
        let is_new =
            |row: usize| !request.messages.iter().any(|m| m.content.contains(self.titles[row].as_str()));
        let n = self.titles.len();
        let start = request.sampling.seed as usize % n.max(1);
        let fits = |row: &usize| !self.titles[*row].is_empty() && !excluded(*row) && is_new(*row);
        let row = (0..n).map(|at| (start + at) % n).find(fits).unwrap_or(start);
        let text = self.titles[row].clone();
        let n_tokens = self.model.count_tokens(&text) + self.expected.actor_tokens;
        (text, request.choices.as_ref().map(|_: &Arc<Choices>| row as u32), n_tokens)
    }

    /// A title that nothing in the catalogue is called, where the prompt does not hold enough of them yet.
    fn refused(&self, request: &Generate) -> Option<String> {
        let is_asked = request.choices.is_none();
        let mut names = (1..=self.n_refused).map(|n| format!("Something that was never made, part {n}"));
        let is_new = |name: &String| !request.messages.iter().any(|m| m.content.contains(name.as_str()));
        names.find(is_new).filter(|_| is_asked)
    }

    fn tokens_in(&self, messages: &[Message]) -> u64 {
        let each = |m: &Message| self.model.count_tokens(&m.content) + self.expected.message_tokens;
        messages.iter().map(each).sum::<usize>() as u64
    }
}

impl LanguageModel for Rehearsal<'_> {
    fn capabilities(&self) -> &Capabilities {
        self.model.capabilities()
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        requests.iter().map(|request| Ok(self.answer(request))).collect()
    }

    fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
        let repeats_prefix = self.model.scores_prefix_per_continuation();
        let each = |request: &Score| {
            let tokens = |at: usize, text: &String| {
                let n = self.model.count_tokens(text);
                let is_sent = at == 0 || repeats_prefix;
                let tokens_in = if is_sent { self.tokens_in(&request.messages) } else { 0 };
                let usage = Usage { tokens_in, tokens_out: n as u64, ..Usage::default() };
                Continuation { log_prob: -(n as f64), n_tokens: n as u32, usage }
            };
            Ok(request.continuations.iter().enumerate().map(|(at, text)| tokens(at, text)).collect())
        };
        requests.iter().map(each).collect()
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        Ok(texts.iter().map(|_| vec![1.0, 0.0]).collect())
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.model.count_tokens(text)
    }
}
