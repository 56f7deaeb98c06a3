//! The toy learner learns, the toy term is heard, and a run that was interrupted ends the same.

use super::*;
use artefact::Tensors;
use learning::{LearningError, Metrics, Observer, Progress, Stateful, Steps, Term};

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

struct First(Option<Tensors>);

impl Observer for First {
    fn updated(
        &mut self,
        _: &Progress,
        _: &Metrics,
        _: bool,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    fn checkpoint(
        &mut self,
        state: &dyn Fn() -> Tensors,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.0.get_or_insert_with(state);
        Ok(())
    }
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() {
    let world = World::new().unwrap();
    let mut first = First(None);
    let inputs = world.inputs();
    let whole = train(bandit::run(&inputs, terms(1.0)), &inputs, 0, None, &mut first).unwrap();
    let resumed = train(bandit::run(&inputs, terms(1.0)), &inputs, 0, first.0, &mut Silent).unwrap();
    assert_eq!(values(&world, &resumed), values(&world, &whole));
    assert_eq!(resumed.progress, whole.progress);
}

/// A term that cannot do its part.
struct Broken;

impl Stateful for Broken {}

impl Term for Broken {
    fn name(&self) -> &'static str {
        "broken"
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
