//! What an experiment is, defined once for every command that runs one or a part of it.
//!
//! A [`Domain`] is a log with the worlds fitted to it. [`EnvironmentSettings`] turn one of its worlds into an environment
//! that policies train in or are judged in; demonstrations are played in the train world's ([`Domain::scene`]). An
//! [`Evaluator`] judges policies and [`CONTROLS`], all on the same users with the same seeds.

mod demonstrations;
mod domain;
mod environments;
mod error;
mod evaluator;
mod nouns;
mod transform;

pub use crate::demonstrations::{
    AgentDemonstrations, collect_from_agents, collect_from_expert, describe_together, expert_without_model,
    import_demonstrations,
};
pub use ::environment::EXIT_RULES;
pub use domain::{Domain, UserHistory};
pub use environments::{EnvironmentSettings, Environments};
pub use error::ExperimentError;
pub use evaluator::{
    CONTROLS, Contestant, EvaluationSettings, Evaluator, RANDOM_FRESH_GENRE, UNIFORM, paired_differences,
};
pub use nouns::with_nouns;
pub use transform::{Transform, weight_auc};

#[cfg(test)]
mod tests;
