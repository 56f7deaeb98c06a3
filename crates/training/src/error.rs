//! What can keep a training run from starting or going on.

use mdp::UserIdx;

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// The settings are not TOML, or have an unknown or missing key.
    #[error("cannot read the training settings: {0}")]
    Settings(#[from] toml::de::Error),
    /// A setting outside its range.
    #[error("{name} must be {expected}")]
    Setting {
        /// The setting's key.
        name: &'static str,
        /// Its range in words.
        expected: &'static str,
    },
    /// Nobody to train on.
    #[error("there are no training users")]
    NoUsers,
    /// A user that the environment does not have.
    #[error("training user {} has no row in the environment", .0.0)]
    UnknownUser(UserIdx),
    /// Demonstrations are required but none can be used.
    #[error("none of the {n_steps} demonstrated steps is usable: their users are not training users")]
    NoDemonstrations {
        /// How many steps were offered.
        n_steps: usize,
    },
    /// A demonstrated item that the catalogue does not have.
    #[error("demonstrated item {item} is beyond the catalogue of {n_items} items")]
    UnknownItem {
        /// The item's row.
        item: u32,
        /// The catalogue's size.
        n_items: usize,
    },
    /// The catalogue and the environment do not have the same items.
    #[error("the catalogue has {catalogue} items, the environment {environment}")]
    Catalogue {
        /// Items of the catalogue.
        catalogue: usize,
        /// Items of the environment.
        environment: usize,
    },
    /// A checkpoint of another run.
    #[error("the checkpoint was made with other {0}")]
    OtherRun(&'static str),
    /// A checkpoint that cannot be read.
    #[error("damaged checkpoint: {0}")]
    Checkpoint(String),
    /// The environment refused.
    #[error(transparent)]
    Environment(#[from] environment::EnvironmentError),
    /// The reward side refused.
    #[error(transparent)]
    Reward(#[from] reward::RewardError),
    /// The disk refused.
    #[error(transparent)]
    Artefact(#[from] artefact::ArtefactError),
}
