//! The learner ladder: known values, gradients, laws of a run, a tiny problem solved.

mod parts;
mod runs;
mod terms;

use super::*;
use crate::tests::{Domain, N_CATEGORIES, N_ITEMS, domain, users};
use learning::{Demonstrated, Trained, train};
use mdp::ItemIdx;
use ranking::Selection;

fn small_config() -> Config {
    let mut config = Config::default();
    config.taste.n_factors = 4;
    config.training.n_env_steps = 3000;
    config.training.actor_learning_rate = 0.02;
    config.training.steps_per_iteration = 200;
    config.training.warm_start_iterations = 4;
    config.training.n_validation_users = 10;
    config.hazard.gradient_steps = 20;
    config.hazard.memory = 2000;
    config
}
