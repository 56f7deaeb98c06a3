//! Stage `check`: is this world worth training in?

use crate::failure::Failure;
use ::data::Dataset;
use environment::Start;
use evaluation::{Greedy, Oracle, Popularity, SessionPlanner, UniformRandom};
use experiment::{Environments, UNIFORM};
use mdp::Policy;
use world_check::WorldCheck;
use world_model::{CheckUser, Side, World};

/// Plays the reference policies for test users (train users in a world without any) in the judge world, and those that compare both worlds in both. The world
/// knows what is needed; one of an older version needs its dataset.
pub(crate) fn check(
    world: &World,
    dataset: Option<&Dataset>,
    environments: &Environments,
    seed: u64,
) -> Result<WorldCheck, Failure> {
    let users = users(world, dataset)?;
    let starts: Vec<Start<'_>> =
        users.iter().map(|known| Start { user: known.user, history: &known.history, stream: 0 }).collect();
    let popularity = Popularity::of_counts(world.item_counts());
    let greedy = Greedy::new(world.train_means());
    let known = environments.planned_with(Side::Train, Side::Judge);
    let planner = SessionPlanner::new(world.expectations(Side::Train), known.clone());
    let oracle = Oracle::new(environments.judge.clone());
    let policies: [(&str, &dyn Policy); 5] = [
        (UNIFORM, &UniformRandom),
        ("popularity", &popularity),
        ("greedy", &greedy),
        ("train-planner", &planner),
        ("oracle", &oracle),
    ];
    let Environments { train, judge } = environments;
    let mut found = world_check::check(train, judge, world.judge_means().as_ref(), &policies, &starts, seed)?;
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
