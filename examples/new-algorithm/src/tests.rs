//! The toy learner learns, the toy term is heard, and a run that was interrupted ends the same.

use super::*;
use learning::{Checkpoints, Hook, Hooks, LearningError, Stateful, Steps, Term};

fn terms(coefficient: f32) -> Terms {
    Terms::new(vec![Box::new(novelty::Novelty::new(coefficient))])
}

fn trained(world: &World, terms: Terms) -> Trained {
    train(bandit::run(&world.inputs(), terms), &world.inputs(), 0, None, &mut Silent).unwrap()
}

fn values(world: &World, trained: &Trained) -> Vec<f32> {
    trained.policy.to_tensors(world.inputs().catalogue).take("values", &[60]).unwrap()
}

#[test]
fn the_bandit_learns_and_the_term_changes_what() {
    let world = World::new().unwrap();
    let plain = trained(&world, Terms::default());
    assert!(plain.progress.best_validation.unwrap() > 30.0, "{:?}", plain.progress);
    assert_eq!(
        values(&world, &trained(&world, terms(0.0))),
        values(&world, &plain),
        "a term that says nothing"
    );
    assert_ne!(values(&world, &trained(&world, terms(1.0))), values(&world, &plain));
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() {
    let world = World::new().unwrap();
    let mut kept = Checkpoints::default();
    let inputs = world.inputs();
    let whole = train(bandit::run(&inputs, terms(1.0)), &inputs, 0, None, &mut kept).unwrap();
    assert!(kept.0.len() > 2);
    for from in kept.0 {
        let run = bandit::run(&inputs, terms(1.0));
        let resumed = train(run, &inputs, 0, Some(from), &mut Silent).unwrap();
        assert_eq!(values(&world, &resumed), values(&world, &whole));
        assert_eq!(resumed.progress, whole.progress);
    }
}

/// A term that cannot do its part.
struct Broken;

impl Stateful for Broken {}

impl Term for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn hooks(&self) -> Hooks {
        Hooks::of(&[Hook::Utility])
    }

    fn utility(
        &self,
        _: &Steps,
        _: &mut [f32],
    ) -> Result<learning::Given, Box<dyn std::error::Error + Send + Sync>> {
        Err("the model is away".into())
    }
}

#[test]
fn a_term_that_fails_stops_the_run_with_its_name() {
    let world = World::new().unwrap();
    let inputs = world.inputs();
    let run = bandit::run(&inputs, Terms::new(vec![Box::new(Broken)]));
    let stopped = train(run, &inputs, 0, None, &mut Silent).err().unwrap();
    assert!(matches!(&stopped, LearningError::Term { .. }));
    assert_eq!(stopped.to_string(), "the term broken: the model is away");
}

#[test]
fn a_checkpoint_of_another_seed_or_other_terms_is_refused() {
    let world = World::new().unwrap();
    let inputs = world.inputs();
    let mut kept = Checkpoints::default();
    train(bandit::run(&inputs, terms(1.0)), &inputs, 0, None, &mut kept).unwrap();
    let refused = |terms, seed| {
        let resumed = train(bandit::run(&inputs, terms), &inputs, seed, Some(kept.0[0].clone()), &mut Silent);
        resumed.err().unwrap().to_string()
    };
    assert_eq!(refused(terms(1.0), 1), "checkpoint does not fit: made with the seed 0");
    assert_eq!(refused(Terms::default(), 0), "checkpoint does not fit: made with the terms [\"novelty\"]");
}

#[test]
fn two_terms_of_one_name_are_refused() {
    let world = World::new().unwrap();
    let inputs = world.inputs();
    let twice = Terms::new(vec![Box::new(novelty::Novelty::new(1.0)), Box::new(novelty::Novelty::new(2.0))]);
    let refused = train(bandit::run(&inputs, twice), &inputs, 0, None, &mut Silent).err().unwrap();
    assert_eq!(refused.to_string(), "a term is called `novelty` twice, or has a slash in its name");
}
