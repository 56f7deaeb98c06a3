//! Stage `check`: is this world worth training in?

use crate::failure::Failure;
use ::data::Dataset;
use environment::{Environment, Start};
use evaluation::{Greedy, GreedyDiverse, Oracle, Popularity, UniformRandom};
use experiment::UNIFORM;
use mdp::Policy;
use world_check::WorldCheck;
use world_model::{CheckUser, World};

/// Plays the reference policies for test users (train users in a world without any) in the judge world. The world
/// knows what is needed; one of an older version needs its dataset.
pub(crate) fn check(
    world: &World,
    dataset: Option<&Dataset>,
    environment: &Environment,
    seed: u64,
) -> Result<WorldCheck, Failure> {
    let users = users(world, dataset)?;
    let starts: Vec<Start<'_>> =
        users.iter().map(|known| Start { user: known.user, history: &known.history, stream: 0 }).collect();
    let popularity = Popularity::of_counts(world.item_counts());
    let greedy = Greedy::new(world.train_means());
    let planner = GreedyDiverse::new(world.train_means(), environment)?;
    let oracle = Oracle::new(environment.clone());
    let policies: [(&str, &dyn Policy); 5] = [
        (UNIFORM, &UniformRandom),
        ("popularity", &popularity),
        ("greedy", &greedy),
        ("greedy-diverse", &planner),
        ("oracle", &oracle),
    ];
    let mut found = world_check::check(environment, world.judge_means().as_ref(), &policies, &starts, seed)?;
    if let Some(validity) = world.validity().filter(|validity| !validity.is_valid) {
        found.verdict.add(&validity.reasons);
    }
    Ok(found)
}

/// The users to play, with their logged histories.
fn users(world: &World, dataset: Option<&Dataset>) -> Result<Vec<CheckUser>, Failure> {
    if let Some(dataset) = dataset {
        return Ok(world.check_users_of(dataset)?);
    }
    if world.check_users().is_empty() {
        return Err(Failure::input(
            "the world does not know its users' histories, it is of an older version",
        )
        .hint("give the dataset it was made from (--data)"));
    }
    Ok(world.check_users().to_vec())
}
