//! The seam for learners: what an algorithm has to say so that the loop can run, validate, keep and resume it.

use crate::streams::Streams;
use crate::{Hooks, Inputs, LearningError, Metrics, Progress, Terms};
use artefact::Tensors;
use catalogue::Catalogue;
use mdp::{Policy, Rng, rng_for};
use ranking::Ranker;

/// Something whose changing state goes into checkpoints and comes back out of them, bit for bit.
pub trait Stateful {
    /// Everything that changes while learning; what follows from inputs, settings and seed is not in it.
    fn save(&self) -> Tensors {
        Tensors::default()
    }

    /// Puts a saved state in the place of a fresh one of the same inputs, settings and seed.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape.
    fn restore(&mut self, _from: Tensors) -> Result<(), LearningError> {
        Ok(())
    }
}

/// Where an algorithm's experience comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// From nowhere: nothing is learned.
    None,
    /// Sessions of the current policy, used once.
    OnPolicy,
    /// Sessions of earlier policies, kept in a replay.
    OffPolicy,
    /// Logs or demonstrations alone; the environment is not asked.
    Offline,
}

impl Schedule {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "no learning",
            Self::OnPolicy => "on-policy",
            Self::OffPolicy => "off-policy",
            Self::Offline => "offline",
        }
    }
}

/// What demonstrations are to an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demonstrations {
    /// It does not look at them.
    Ignored,
    /// It learns from them where there are some.
    Welcome,
    /// It cannot do without.
    Needed,
}

impl Demonstrations {
    /// Needed, or else ignored.
    pub const fn needed(are_needed: bool) -> Self {
        if are_needed { Self::Needed } else { Self::Ignored }
    }
}

/// What an algorithm cannot do without, and what it asks terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Where its experience comes from.
    pub schedule: Schedule,
    /// Whether it learns from demonstrations, and whether there have to be some.
    pub demonstrations: Demonstrations,
    /// The hooks of terms that it calls; a term that acts elsewhere, too, is refused.
    pub asks: Hooks,
}

/// Which policy a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// That of the best mean return of validation users in the train world.
    Best,
    /// The last one, or the one that the algorithm chose by a measure of its own.
    Last,
}

/// What the loop has to know of an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Which policy is kept.
    pub keeps: Keeps,
    /// Validation users, at most.
    pub n_validation_users: usize,
}

/// One round, as an algorithm is given it.
#[derive(Debug)]
pub struct Round<'a> {
    /// The counters; the algorithm counts its sessions and gradient steps, the loop the rounds.
    pub progress: &'a mut Progress,
    /// The terms to learn with.
    pub terms: &'a mut Terms,
    /// The run's seed.
    pub seed: u64,
}

impl Round<'_> {
    /// A random stream of this round, by a number for its purpose: a resumed run draws the same numbers.
    /// Purposes are the algorithm's own; below 2^32 none is taken.
    pub fn rng(&self, purpose: u64) -> Rng {
        rng_for(self.seed, &[purpose, self.progress.n_rounds])
    }

    /// The seed for [`environment::rollout`] of sessions that are learned from. Their `stream` has to be another number in
    /// each round; under the run's own seed, user and stream would name the same draws as [`Round::rng`].
    pub fn session_seed(&self) -> u64 {
        Streams::Learning.seed(self.seed)
    }
}

/// A run of an algorithm in progress. It was made from inputs, settings and a seed, which it may borrow.
pub trait Algorithm: Stateful {
    /// What it cannot do without, and what it asks terms.
    fn needs(&self) -> Needs;

    /// How it is validated and kept.
    fn plan(&self) -> Plan;

    /// How much of the planned work is done; from 1 on the run is over. It has to follow from the counters and the state
    /// alone.
    fn share_done(&self, progress: &Progress) -> f64;

    /// Whether to validate, and to write a checkpoint, after this round. The last round is validated in any case.
    fn is_validated(&self, progress: &Progress) -> bool;

    /// Gathers experience where it needs any, and learns.
    ///
    /// # Errors
    /// Whatever stops the run; nothing is swallowed.
    fn round(&mut self, round: &mut Round<'_>) -> Result<Metrics, LearningError>;

    /// The parameters that act, as they are now. Asking changes nothing; a table that puts steps off may make them.
    fn parameters(&mut self) -> Tensors;

    /// The policy of such parameters.
    ///
    /// # Errors
    /// When they are not this algorithm's.
    fn policy(&self, parameters: Tensors) -> Result<Box<dyn TrainedPolicy>, LearningError>;

    /// What every step of each demonstration weighs at the end, and what was expected before it; a list for each of
    /// [`Inputs::demonstrations`], empty for those that were not asked about.
    ///
    /// # Errors
    /// Which term cannot say.
    fn explain(&self, _terms: &Terms) -> Result<Vec<Explained>, LearningError> {
        Ok(Vec::new())
    }
}

/// What training made of a demonstration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explained {
    /// How much each step is imitated at the end.
    pub weights: Vec<f32>,
    /// What was expected of the rest of the session before each step, in units of discounted rewards.
    pub values: Vec<f32>,
}

/// Why a policy cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unserved(pub &'static str);

/// A policy that an algorithm ends with.
pub trait TrainedPolicy: Policy {
    /// All parameters as named tensors, with what is needed to read them as the note.
    fn to_tensors(&self, catalogue: &Catalogue) -> Tensors;

    /// The forward pass that serving and export need.
    ///
    /// # Errors
    /// Why this policy cannot be served.
    fn ranker(&self) -> Result<&Ranker, Unserved>;
}

/// An algorithm with its terms, ready to run.
pub struct Run<'a> {
    /// The algorithm's name, for errors.
    pub name: &'static str,
    /// The algorithm.
    pub algorithm: Box<dyn Algorithm + 'a>,
    /// What it learns with.
    pub terms: Terms,
}

impl Run<'_> {
    /// Refuses inputs that this algorithm cannot learn from, and terms that it would not hear.
    ///
    /// # Errors
    /// What is missing.
    pub(crate) fn check(&self, inputs: &Inputs<'_>) -> Result<(), LearningError> {
        inputs.check()?;
        let needs = self.algorithm.needs();
        self.terms.check(self.name, needs.asks)?;
        if needs.demonstrations == Demonstrations::Needed { inputs.check_demonstrations() } else { Ok(()) }
    }
}
