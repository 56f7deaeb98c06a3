//! What can be wrong with an environment or a step in it.

use mdp::{ItemIdx, UserIdx};

/// A refused environment or step.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EnvironmentError {
    /// The rule needs something that the catalogue or the world does not have.
    #[error("exit rule {rule} needs {missing}")]
    MissingFeatures {
        /// The rule's name.
        rule: &'static str,
        /// What it lacks.
        missing: &'static str,
    },
    /// The registry has no such rule.
    #[error("no exit rule is called {0}")]
    UnknownRule(String),
    /// The rule has no such parameter.
    #[error("exit rule {rule} has no parameter {name}")]
    UnknownParameter {
        /// The rule's name.
        rule: &'static str,
        /// What was asked for.
        name: String,
        /// Its parameters with their ranges.
        known: String,
    },
    /// A value that the parameter cannot have.
    #[error("{name} of exit rule {rule} is {range}, not {value}")]
    BadParameter {
        /// The rule's name.
        rule: &'static str,
        /// The parameter.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it can be.
        range: String,
        /// The rule's parameters with their ranges.
        known: String,
    },
    /// A parameter without a default that nobody has given or calibrated.
    #[error("{name} of exit rule {rule} has no value yet")]
    OpenParameter {
        /// The rule's name.
        rule: &'static str,
        /// The parameter.
        name: &'static str,
    },
    /// No value of the open parameter lets a uniform policy lose as few users as it should.
    #[error(
        "exit rule {rule} is too soft to be calibrated: a uniform policy loses more than {} % of its users at each step at \
         any {name} ({range})", hazard * 100.0
    )]
    TooSoft {
        /// The rule's name.
        rule: &'static str,
        /// The parameter.
        name: &'static str,
        /// The share of a uniform policy's steps that was to end sessions.
        hazard: f64,
        /// What the parameter can be.
        range: String,
    },
    /// Features or rewards for another catalogue.
    #[error("{what} has {got} items, the rewards have {expected}")]
    WrongSize {
        /// Which part.
        what: &'static str,
        /// Items in the rewards.
        expected: usize,
        /// Items in the part.
        got: usize,
    },
    /// A world without users or items, or a horizon of zero.
    #[error("an environment needs at least one user, one item and one step")]
    Empty,
    /// A user row beyond the rewards.
    #[error("user row {0:?} is beyond the reward matrix")]
    UnknownUser(UserIdx),
    /// An item row beyond the rewards.
    #[error("item row {0:?} is beyond the reward matrix")]
    UnknownItem(ItemIdx),
    /// A step after the session's end.
    #[error("the session has ended; start another one")]
    Ended,
}
