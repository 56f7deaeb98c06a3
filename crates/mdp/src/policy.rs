//! The seam between whoever recommends and whoever runs sessions.

use crate::{Interaction, ItemIdx, ItemSet, Rng, UserIdx};

/// What a policy may know when a session starts: what a server would know, never the environment.
#[derive(Clone, Copy, Debug)]
pub struct SessionContext<'a> {
    /// Whose session; a policy that looks users up by row must still work for rows it has never seen.
    pub user: UserIdx,
    /// The user's logged history, oldest first.
    pub history: &'a [Interaction],
}

/// One recommendation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// What to show.
    pub item: ItemIdx,
    /// Natural logarithm of the probability with which it was chosen (0 for a deterministic choice).
    pub log_prob_behavior: f32,
}

/// Something that recommends.
pub trait Policy: Send + Sync {
    /// Its name in tables.
    fn name(&self) -> String;
    /// Starts a session. Nothing learned in one session leaks into another.
    fn start<'a>(&'a self, context: SessionContext<'a>) -> Box<dyn PolicySession + 'a>;
}

/// A policy that cannot say how likely it is to choose each item, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLogProbs {
    /// What stands in the way.
    pub why: &'static str,
}

impl std::fmt::Display for UnknownLogProbs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the policy does not say how likely it is to choose each item: {}", self.why)
    }
}

impl std::error::Error for UnknownLogProbs {}

/// One session of a policy: asked for an item, told what came of it, in turn.
pub trait PolicySession {
    /// Natural logarithms of the probabilities with which [`PolicySession::choose`] would choose each item now, given
    /// the same `shown`: minus infinity for what it would not choose, 0 for the choice of a deterministic policy.
    /// Off-policy estimates and divergences between policies need them. What is chosen next stays the same.
    ///
    /// # Shapes
    /// `out` is `[items]`.
    ///
    /// # Errors
    /// When the policy knows how likely its choice was, but not how likely the others were.
    ///
    /// # Panics
    /// If `out` has another length than the catalogue.
    fn log_probs(&mut self, shown: &ItemSet, out: &mut [f32]) -> Result<(), UnknownLogProbs>;
    /// Chooses the next item among those not in `shown`; if everything was shown, any item.
    fn choose(&mut self, shown: &ItemSet, rng: &mut Rng) -> Choice;
    /// Takes in the environment's answer to the last choice.
    fn observe(&mut self, item: ItemIdx, reward: f32);
}
