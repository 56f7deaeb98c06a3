//! Sessions stepped together against one session after another.

use super::Matrix;
use crate::*;
use mdp::*;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use rand::RngExt as _;
use std::sync::Arc;

/// A random world under a rule; distances from 0 to 1.
fn world(rule: ExitRule, n_items: usize, horizon: usize, seed: u64) -> Environment {
    let rng = &mut rng_for(seed, &[]);
    let mut matrix = |n_rows: usize, least: f32, most: f32| {
        let row = |rng: &mut Rng| (0..n_items).map(|_| rng.random_range(least..most)).collect();
        Arc::new(Matrix((0..n_rows).map(|_| row(rng)).collect()))
    };
    let (rewards, distances) = (matrix(5, 1.9, 5.0), matrix(n_items, 0.0, 1.0));
    let categories = (0..n_items).map(|item| vec![(item % 3) as u16, 3 + (item % 2) as u16]).collect();
    let features = ItemFeatures { categories: Some(Arc::new(categories)), ..Default::default() };
    Environment::new(rewards, features.with_distances(distances), rule, horizon).unwrap()
}

/// Every rule of distances and categories, with a soft limit or without.
fn rules() -> impl Strategy<Value = ExitRule> {
    let near =
        (1i32..7, any::<bool>(), 1i32..4, 0.0f32..0.6, any::<bool>(), prop_oneof![Just(0.0f32), Just(0.2)]);
    let near = near.prop_map(|(window, published_slices, count, threshold, on_first_step, softness)| {
        RuleSettings::default()
            .with("window", window)
            .with("window.published_slices", published_slices)
            .with("count", count.min(window))
            .with("threshold", threshold)
            .with("low_reward.on_first_step", on_first_step)
            .with("softness", softness)
    });
    let soft = ExitRule::category_window().with("softness", 0.7f32).unwrap();
    let content = prop_oneof![Just(ExitRule::none()), Just(ExitRule::category_window()), Just(soft)];
    let named = |name: &'static str| move |settings| ExitRule::new(name, &settings).unwrap();
    prop_oneof![near.clone().prop_map(named("ilrec")), near.prop_map(named("billp")), content]
}

/// Plays the same items both ways, restarting sessions as they end.
fn check_same(environment: &Environment, n_sessions: usize, n_rounds: usize, seed: u64) {
    let rng = &mut rng_for(seed, &[1]);
    let user = |rng: &mut Rng| UserIdx(rng.random_range(0..environment.n_users() as u32));
    let users: Vec<UserIdx> = (0..n_sessions).map(|_| user(rng)).collect();
    let mut alone: Vec<Session> = users.iter().map(|&user| environment.start(user).unwrap()).collect();
    let mut together = VectorEnvironment::start(environment, &users).unwrap();
    for _ in 0..n_rounds {
        let draw = |_| ItemIdx(rng.random_range(0..environment.n_items() as u32));
        let items: Vec<ItemIdx> = (0..n_sessions).map(draw).collect();
        let expected: Vec<Outcome> =
            alone.iter_mut().zip(&items).map(|(session, &item)| session.step(item).unwrap()).collect();
        assert_eq!(together.step(&items).unwrap(), expected);
        for (index, session) in alone.iter_mut().enumerate() {
            assert_eq!(together.shown(index), session.shown());
            assert_eq!((together.user(index), together.end(index)), (session.user(), session.end()));
            if !session.end().continues() {
                let next = user(rng);
                session.restart(next).unwrap();
                together.restart(index, next).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn stepped_together_or_alone_sessions_are_the_same(
        rule in rules(), n_items in 1usize..150, horizon in 1usize..12, n_sessions in 1usize..600, seed: u64
    ) {
        check_same(&world(rule, n_items, horizon, seed), n_sessions, 24, seed);
    }
}

/// Steps only the sessions that go on, until the last has ended.
fn check_some(environment: &Environment, n_sessions: usize, seed: u64) {
    let rng = &mut rng_for(seed, &[2]);
    let users: Vec<UserIdx> =
        (0..n_sessions).map(|_| UserIdx(rng.random_range(0..environment.n_users() as u32))).collect();
    let mut alone: Vec<Session> = users.iter().map(|&user| environment.start(user).unwrap()).collect();
    let mut together = VectorEnvironment::start(environment, &users).unwrap();
    let mut live: Vec<usize> = (0..n_sessions).collect();
    while !live.is_empty() {
        let draw = |_: &usize| ItemIdx(rng.random_range(0..environment.n_items() as u32));
        let items: Vec<ItemIdx> = live.iter().map(draw).collect();
        let step = |(&session, &item): (&usize, &ItemIdx)| alone[session].step(item).unwrap();
        let expected: Vec<Outcome> = live.iter().zip(&items).map(step).collect();
        assert_eq!(together.step_some(&live, &items).unwrap(), expected);
        live.retain(|&session| alone[session].end().continues());
    }
    assert!((0..n_sessions).all(|session| together.shown(session) == alone[session].shown()));
    assert_eq!(together.step_some(&[0], &[ItemIdx(0)]), Err(EnvironmentError::Ended));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn sessions_that_go_on_step_as_they_would_alone(
        rule in rules(), n_items in 1usize..150, horizon in 1usize..12, n_sessions in 1usize..600, seed: u64
    ) {
        check_some(&world(rule, n_items, horizon, seed), n_sessions, seed);
    }
}

#[test]
fn threads_do_not_matter() {
    let environment = world(ExitRule::ilrec(0.1), 90, 20, 3);
    for n_threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| check_same(&environment, 1000, 30, 4));
    }
}

#[test]
fn a_refused_step_moves_nobody() {
    let environment = world(ExitRule::none(), 4, 2, 3);
    let mut together = VectorEnvironment::start(&environment, &[UserIdx(0); 3]).unwrap();
    let beyond = [ItemIdx(0), ItemIdx(0), ItemIdx(4)];
    assert_eq!(together.step(&beyond), Err(EnvironmentError::UnknownItem(ItemIdx(4))));
    assert!(together.shown(0).is_empty());
    together.step(&[ItemIdx(0); 3]).unwrap();
    assert!(together.step(&[ItemIdx(1); 3]).unwrap().iter().all(|outcome| outcome.end == StepEnd::Truncated));
    assert_eq!(together.step(&[ItemIdx(1); 3]), Err(EnvironmentError::Ended));
    assert!(together.restart(0, UserIdx(9)).is_err());
    assert_eq!(together.n_sessions(), 3);
}
