//! What can be wrong with a training run of the default learner.

/// A refused run, policy or checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum RobustError {
    /// A setting out of its range.
    #[error("{setting} is {got}, expected {low} to {high}")]
    Setting {
        /// Its key.
        setting: &'static str,
        /// Its value.
        got: f64,
        /// Smallest allowed.
        low: f64,
        /// Largest allowed.
        high: f64,
    },
    /// Imitation weights out of range.
    #[error("settings of imitation: {0}")]
    Weights(#[source] reward::RewardError),
    /// Neither demonstrations nor own sessions.
    #[error("switches.demonstrations and switches.actor_critic are both off: nothing to learn from")]
    NothingToLearnFrom,
    /// Demonstrations are switched on and there are none.
    #[error("there are no demonstrations of training users")]
    NoDemonstrations,
    /// No user to train on or to validate with.
    #[error("there are no {0} users")]
    NoUsers(&'static str),
    /// Catalogue and environment differ.
    #[error("the catalogue has {catalogue} items, the environment {environment}")]
    WrongCatalogue {
        /// Items in the catalogue.
        catalogue: usize,
        /// Items in the environment.
        environment: usize,
    },
    /// A policy or checkpoint that does not fit this run.
    #[error("{what} does not fit: {why}")]
    Mismatch {
        /// What was read.
        what: &'static str,
        /// Why it is refused.
        why: String,
    },
    /// The environment refused a step.
    #[error(transparent)]
    Environment(#[from] environment::EnvironmentError),
    /// The observer refused (for instance, a checkpoint could not be written).
    #[error("cannot record progress: {0}")]
    Observer(#[source] Box<dyn std::error::Error + Send + Sync>),
}
