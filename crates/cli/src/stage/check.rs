//! Stage `check`: is this world worth training in?

use super::domain::Domain;
use crate::failure::Failure;
use environment::{Environment, Start};
use evaluation::{Greedy, GreedyDiverse, Oracle, Popularity, UniformRandom};
use mdp::UserIdx;
use world_check::WorldCheck;

/// Users whose sessions are played.
const N_USERS: usize = 300;

/// Plays the reference policies for test users (train users in a world without any) in the judge world.
pub(crate) fn check(domain: &Domain, environment: &Environment, seed: u64) -> Result<WorldCheck, Failure> {
    let (world, split) = (&domain.world, domain.world.split());
    let users = if split.test.is_empty() { &split.train } else { &split.test };
    let users: Vec<UserIdx> = users.iter().copied().take(N_USERS).collect();
    let starts: Vec<Start<'_>> = domain
        .with_histories(&users)
        .into_iter()
        .map(|(user, history)| Start { user, history, stream: 0 })
        .collect();
    let train = domain.with_histories(&split.train).into_iter().map(|(_, history)| history);
    let popularity = Popularity::new(train, domain.n_items());
    let greedy = Greedy::new(world.train_means());
    let planner = GreedyDiverse::new(world.train_means(), environment)?;
    let oracle = Oracle::new(environment.clone());
    let policies: [&dyn mdp::Policy; 5] = [&UniformRandom, &popularity, &greedy, &planner, &oracle];
    Ok(world_check::check(environment, world.judge_means().as_ref(), &policies, &starts, seed)?)
}
