//! One answer while it is being written.

use std::sync::Arc;

use llm::{Completion, Generate, LlmError, Sampling, StopReason, Usage};
use mdp::Rng;

use crate::GgufModel;
use crate::choices::{ChoiceTree, Excluded, ROOT};
use crate::matrix::Activations;
use crate::sampling::{draw, generator, log_normaliser};

/// Where a constrained answer stands.
struct Constraint {
    tree: Arc<ChoiceTree>,
    excluded: Excluded,
    node: usize,
    choice: Option<u32>,
}

/// Tokens, text and state of an answer.
pub(super) struct Answer<'a> {
    request: &'a Generate,
    constraint: Option<Constraint>,
    rng: Rng,
    bytes: Vec<u8>,
    n_tokens: usize,
    log_prob: f64,
    /// Drawn and not evaluated yet.
    pending: Vec<u32>,
    stop: Option<StopReason>,
    /// Whether the model gave numbers that are not finite.
    is_broken: bool,
}

impl<'a> Answer<'a> {
    /// An empty answer.
    pub(super) fn new(model: &GgufModel, request: &'a Generate) -> Result<Self, LlmError> {
        let constraint = request.choices.as_ref().map(|choices| {
            let tree = model.tree_of(choices);
            Constraint { excluded: tree.exclude(&request.excluded), tree, node: ROOT, choice: None }
        });
        if constraint.as_ref().is_some_and(|constraint| !constraint.tree.is_open(ROOT, &constraint.excluded))
        {
            return Err(LlmError::Failed { reason: "every choice is excluded".to_owned() });
        }
        Ok(Self {
            request,
            constraint,
            rng: generator(&request.sampling),
            bytes: Vec::new(),
            n_tokens: 0,
            log_prob: 0.0,
            pending: Vec::new(),
            is_broken: false,
            stop: (request.choices.is_none() && request.sampling.max_tokens == 0)
                .then_some(StopReason::Length),
        })
    }

    /// Tokens that the answer may have.
    pub(super) fn longest(&self) -> usize {
        let of_choices = self.constraint.as_ref().map(|constraint| constraint.tree.longest());
        of_choices.unwrap_or(self.request.sampling.max_tokens as usize)
    }

    pub(super) fn is_finished(&self) -> bool {
        self.stop.is_some()
    }

    /// The tokens that the context has to be extended with.
    pub(super) fn take_pending(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.pending)
    }

    /// Takes the next token, or several where there is no choice, given the state of the last one.
    pub(super) fn take(&mut self, model: &GgufModel, states: &Activations, row: usize) {
        if self.is_finished() {
            return;
        }
        if self.constraint.is_some() {
            self.take_allowed(model, states, row);
            self.follow_forced(model);
        } else {
            self.take_any(model, states, row);
        }
    }

    fn take_any(&mut self, model: &GgufModel, states: &Activations, row: usize) {
        let logits = model.network.logits_of_row(states, row);
        let normaliser = log_normaliser(&logits);
        if self.breaks_off(normaliser) {
            return;
        }
        let token = draw(&logits, &self.request.sampling, &mut self.rng);
        self.log_prob += f64::from(logits[token]) - normaliser;
        let token = token as u32;
        if model.tokenizer.is_end(token) {
            self.stop = Some(StopReason::Stop);
            return;
        }
        self.push(model, token);
        if let Some(end) = find_stop(&self.bytes, &self.request.sampling) {
            self.bytes.truncate(end);
            self.stop = Some(StopReason::Stop);
        } else if self.n_tokens >= self.request.sampling.max_tokens as usize {
            self.stop = Some(StopReason::Length);
        }
    }

    /// Ends an answer of a model whose sums are not finite.
    fn breaks_off(&mut self, normaliser: f64) -> bool {
        if !normaliser.is_finite() {
            (self.is_broken, self.stop) = (true, Some(StopReason::Stop));
        }
        self.is_broken
    }

    fn push(&mut self, model: &GgufModel, token: u32) {
        self.bytes.extend_from_slice(model.tokenizer.bytes(token));
        self.pending.push(token);
        self.n_tokens += 1;
    }

    /// Draws among the tokens that continue an allowed choice; where one is complete, ending counts as a token
    /// (as likely as all end tokens together).
    fn take_allowed(&mut self, model: &GgufModel, states: &Activations, row: usize) {
        let Some(constraint) = &self.constraint else { return };
        let next = constraint.tree.next(constraint.node, &constraint.excluded);
        let complete = constraint.tree.complete(constraint.node, &self.request.excluded);
        let ends = model.tokenizer.ends().filter(|_| complete.is_some());
        let tokens: Vec<u32> = next.iter().map(|(token, _)| *token).chain(ends).collect();
        let mut logits = model.network.logits_of(states, row, &tokens);
        let ends = logits.split_off(next.len());
        if !ends.is_empty() {
            logits.push(log_normaliser(&ends) as f32);
        }
        let normaliser = log_normaliser(&logits);
        if self.breaks_off(normaliser) {
            return;
        }
        let Some(constraint) = &mut self.constraint else { return };
        let drawn = draw(&logits, &self.request.sampling, &mut self.rng);
        self.log_prob += f64::from(logits[drawn]) - normaliser;
        if let Some(&(token, node)) = next.get(drawn) {
            constraint.node = node;
            self.push(model, token);
        } else {
            constraint.choice = complete;
            self.stop = Some(StopReason::Choice);
        }
    }

    /// Follows a constrained answer as long as only one thing is allowed; whether it is finished.
    pub(super) fn follow_forced(&mut self, model: &GgufModel) -> bool {
        while let Some(constraint) = self.constraint.as_mut().filter(|_| self.stop.is_none()) {
            let next = constraint.tree.next(constraint.node, &constraint.excluded);
            let complete = constraint.tree.complete(constraint.node, &self.request.excluded);
            match (next.as_slice(), complete) {
                ([], complete) => {
                    constraint.choice = complete;
                    self.stop = Some(StopReason::Choice);
                }
                (&[(token, node)], None) => {
                    constraint.node = node;
                    self.push(model, token);
                }
                _ => break,
            }
        }
        self.is_finished()
    }

    /// The finished answer, unless the model is broken; prompt and time are left to the caller.
    pub(super) fn finish(self) -> Option<Completion> {
        if self.is_broken {
            return None;
        }
        let choice = self.constraint.as_ref().and_then(|constraint| constraint.choice);
        let chosen = self.request.choices.as_ref().zip(choice).and_then(|(all, i)| all.texts.get(i as usize));
        Some(Completion {
            text: chosen.cloned().unwrap_or_else(|| String::from_utf8_lossy(&self.bytes).into_owned()),
            stop: self.stop.unwrap_or(StopReason::Length),
            log_prob: Some(self.log_prob),
            choice,
            usage: Usage { tokens_out: self.n_tokens as u64, ..Usage::default() },
        })
    }
}

/// Where the first stop string begins.
fn find_stop(bytes: &[u8], sampling: &Sampling) -> Option<usize> {
    let stops = sampling.stop.iter().filter(|stop| !stop.is_empty());
    let find = |stop: &String| bytes.windows(stop.len()).position(|window| window == stop.as_bytes());
    stops.filter_map(find).min()
}
