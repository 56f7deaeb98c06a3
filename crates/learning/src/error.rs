//! What can keep a run from starting or going on.

/// A refused run, policy or checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum LearningError {
    /// Settings that cannot be read: an unknown or a missing key, or a value of another type.
    #[error("settings of {algorithm}: {why}")]
    Settings {
        /// Whose.
        algorithm: &'static str,
        /// What is wrong, with the key.
        why: String,
    },
    /// A setting out of its range.
    #[error("{setting} is {got}, expected {expected}")]
    Setting {
        /// Its key.
        setting: &'static str,
        /// Its value.
        got: String,
        /// Its range in words.
        expected: String,
    },
    /// A model that cannot be fitted to the log.
    #[error("cannot be fitted to the log of training users: {0}")]
    CannotFit(String),
    /// Neither demonstrations nor own sessions.
    #[error("switches.demonstrations and switches.actor_critic are both off: nothing to learn from")]
    NothingToLearnFrom,
    /// Demonstrations are needed, and none is of a training user.
    #[error("none of the {n_demonstrations} demonstrations is of a training user")]
    NoDemonstrations {
        /// How many there were.
        n_demonstrations: usize,
    },
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
    /// A term cannot do its part; the run stops, since a term that is left out silently is another experiment.
    #[error("the term {term}: {source}")]
    Term {
        /// Its name.
        term: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Two terms of one name, or a name that would lie in another one's part of a checkpoint.
    #[error("a term is called `{0}` twice, or has a slash in its name")]
    TermName(String),
    /// A term that the algorithm would never ask for what it has to say.
    #[error("the term {term} acts through the hook `{hook}`, which {algorithm} never calls")]
    Unheard {
        /// The term's name.
        term: &'static str,
        /// The hook's name.
        hook: &'static str,
        /// The algorithm's name.
        algorithm: &'static str,
    },
    /// An algorithm cannot go on.
    #[error("{algorithm}: {source}")]
    Algorithm {
        /// Its name.
        algorithm: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The environment refused a step.
    #[error(transparent)]
    Environment(#[from] environment::EnvironmentError),
    /// The observer refused (for instance, a checkpoint could not be written).
    #[error("cannot record progress: {0}")]
    Observer(#[source] Box<dyn std::error::Error + Send + Sync>),
}
