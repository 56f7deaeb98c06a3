//! Why an experiment cannot be what was asked for.

use crate::{CONTROLS, EXIT_RULES};

/// An experiment, or a part of one, that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// No exit rule is called this; [`EXIT_RULES`] has those there are.
    #[error("no exit rule is called {name}; there are {}", EXIT_RULES.join(", "))]
    UnknownExitRule {
        /// What was asked for.
        name: String,
    },
    /// A threshold was given to a rule that has none.
    #[error("the exit rule {rule} has no threshold")]
    NoThreshold {
        /// The rule.
        rule: &'static str,
        /// The rules that have one.
        others: Vec<&'static str>,
    },
    /// The threshold was given in two ways.
    #[error("the threshold is given twice: as `threshold` and as a parameter of the rule")]
    ThresholdTwice,
    /// A rule that looks at categories in a catalogue without any.
    #[error("the exit rule {rule} needs categories, and no item has any")]
    NoCategories {
        /// The rule.
        rule: &'static str,
    },
    /// Nobody to judge with.
    #[error("no test users: of {} users with enough ratings, {n_train} train and {n_validation} validate", n_train + n_validation)]
    NoTestUsers {
        /// Users that policies learn from.
        n_train: usize,
        /// Users that choose between checkpoints.
        n_validation: usize,
    },
    /// No control is called this; [`CONTROLS`] has those there are.
    #[error("no control is called {name}; there are {}", CONTROLS.join(", "))]
    UnknownControl {
        /// What was asked for.
        name: String,
    },
    /// The log.
    #[error(transparent)]
    Data(#[from] data::DataError),
    /// The worlds.
    #[error(transparent)]
    World(#[from] world_model::WorldError),
    /// The environment.
    #[error(transparent)]
    Environment(#[from] environment::EnvironmentError),
    /// The evaluation.
    #[error(transparent)]
    Evaluation(#[from] evaluation::EvaluationError),
}
