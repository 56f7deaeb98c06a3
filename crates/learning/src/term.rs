//! The seam for knowledge that enters learning: what it may see, and where it may act.

mod hooks;
mod terms;

use crate::{Inputs, Metrics, Scores, Stateful, Steps};
use mdp::{Interaction, ItemIdx, Rng};
use std::collections::BTreeMap;

pub use hooks::{Hook, Hooks};
pub use terms::{LearnedReward, Terms};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What a round learns from.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Steps of the policy's own sessions; may be empty.
    pub own: &'a Steps,
    /// Demonstrated steps; may be empty.
    pub demonstrated: &'a Steps,
}

/// Whether a term has said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It has.
    Yes,
    /// It has nothing to say here, and left the numbers alone.
    No,
}

/// Where a session stands: what a server would know of it.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The user's logged history, oldest first.
    pub history: &'a [Interaction],
    /// What was shown in this session so far, with what came of it, oldest first.
    pub shown: &'a [(ItemIdx, f32)],
}

/// Numbers of every item, `[items]`, by name.
pub type Columns = BTreeMap<String, Vec<f32>>;

/// A source of knowledge, or a regulariser, that an algorithm learns with. Every hook is a no-op by default, so a term
/// implements only what it has, and names it: it is asked there alone, and refused by algorithms that would never ask.
/// A term without effect, such as one whose coefficient is 0, names none. It sees [`Steps`] and scores, never the environment; at evaluation there are no terms.
///
/// An error stops the run with the term's name.
pub trait Term: Stateful + Send + Sync {
    /// Its name in settings, metrics and checkpoints.
    fn name(&self) -> &'static str;

    /// Where it acts. It may not change in the course of a run.
    fn hooks(&self) -> Hooks;

    /// Once, before the first round: the only place that may take long.
    ///
    /// # Errors
    /// Why it cannot take part.
    fn prepare(&mut self, _inputs: &Inputs<'_>) -> Outcome<()> {
        Ok(())
    }

    /// Learns from what was demonstrated and from what the current policy did.
    ///
    /// # Errors
    /// Why it cannot.
    fn learn(&mut self, _batch: Batch<'_>, _rng: &mut Rng) -> Outcome<Metrics> {
        Ok(Metrics::default())
    }

    /// Adds a learned reward to each of the policy's own steps. Whoever knows how unsure it is writes the standard
    /// deviation of its own reward into `deviations`, which are 0 before.
    ///
    /// # Errors
    /// Why it cannot.
    fn reward(&self, _own: &Steps, _out: &mut [f32], _deviations: &mut [f32]) -> Outcome<Given> {
        Ok(Given::No)
    }

    /// Changes the standardised advantages of the policy's own steps.
    ///
    /// # Errors
    /// Why it cannot.
    fn utility(&self, _own: &Steps, _advantages: &mut [f32]) -> Outcome<Given> {
        Ok(Given::No)
    }

    /// Multiplies the imitation weight of each demonstrated step, which starts at 1.
    ///
    /// # Errors
    /// Why it cannot.
    fn weights(&self, _demonstrated: &Steps, _out: &mut [f32]) -> Outcome<Given> {
        Ok(Given::No)
    }

    /// A loss over the scores of `steps`, summed over those that `scores` holds; adds its gradient by the scores to
    /// `gradient`, `[steps, items]`. The algorithm takes the sum as it is: whoever wants a mean over the batch divides by
    /// `steps.len()`. The scores are of the parameters that acted, so that the score of what was shown
    /// is `Steps::log_probs`.
    ///
    /// # Errors
    /// Why it cannot.
    fn loss(&self, _steps: &Steps, _scores: Scores<'_>, _gradient: &mut [f32]) -> Outcome<f32> {
        Ok(0.0)
    }

    /// Adds to the scores (logits) of every item, `[items]`, before the policy chooses in sessions that it learns from. It
    /// counts as part of the policy that acted: in the probability of the choice, and in the update. Nothing of it is left at
    /// evaluation.
    ///
    /// # Errors
    /// Why it cannot.
    fn bias(&self, _situation: Situation<'_>, _out: &mut [f32]) -> Outcome<Given> {
        Ok(Given::No)
    }

    /// Numbers of every item that the network is to see beside its own, asked once, after [`Term::prepare`]. The trained
    /// policy keeps them.
    ///
    /// # Errors
    /// Why it cannot.
    fn columns(&self) -> Outcome<Columns> {
        Ok(Columns::new())
    }
}

#[cfg(test)]
mod tests;
