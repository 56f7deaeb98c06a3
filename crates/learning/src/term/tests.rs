//! Terms are asked where they say, in order, and what they say is put together.

use super::*;
use crate::LearningError;

/// Says the same wherever it is asked.
struct Says(&'static str, f32, Hooks);

impl Stateful for Says {}

impl Term for Says {
    fn name(&self) -> &'static str {
        self.0
    }

    fn hooks(&self) -> Hooks {
        self.2
    }

    fn learn(&mut self, _: Batch<'_>, _: &mut Rng) -> Outcome<Metrics> {
        let mut metrics = Metrics::default();
        metrics.put("loss", self.1);
        Ok(metrics)
    }

    fn reward(&self, _: &Steps, out: &mut [f32], deviations: &mut [f32]) -> Outcome<Given> {
        out.iter_mut().for_each(|out| *out += self.1);
        deviations.fill(self.1);
        Ok(Given::Yes)
    }

    fn weights(&self, _: &Steps, out: &mut [f32]) -> Outcome<Given> {
        out.iter_mut().for_each(|out| *out *= self.1);
        Ok(Given::Yes)
    }

    fn bias(&self, situation: Situation<'_>, out: &mut [f32]) -> Outcome<Given> {
        out[situation.shown.len()] += self.1;
        Ok(Given::Yes)
    }

    fn columns(&self) -> Outcome<Columns> {
        Ok(Columns::from([("known".into(), vec![self.1; 3])]))
    }
}

fn terms(hooks: &[Hook]) -> Terms {
    let says = |name, number| -> Box<dyn Term> { Box::new(Says(name, number, Hooks::of(hooks))) };
    Terms::new(vec![says("one", 3.0), says("two", 4.0)])
}

fn steps() -> Steps {
    Steps { items: vec![ItemIdx(0), ItemIdx(1)], ..Steps::default() }
}

#[test]
fn rewards_add_up_and_their_errors_as_of_independent_sources() {
    let learned = terms(&[Hook::Reward]).reward(&steps()).unwrap().unwrap();
    assert_eq!((&learned.means[..], &learned.deviations[..]), (&[7.0; 2][..], &[5.0; 2][..]));
    assert_eq!(learned.clone().lowered(1.0), [2.0; 2]);
    assert_eq!(learned.lowered(0.0), [7.0; 2]);
}

#[test]
fn weights_multiply_biases_add_and_columns_have_the_terms_name() {
    assert_eq!(terms(&[Hook::Weights]).weights(&steps()).unwrap(), [12.0; 2]);
    let situation = Situation { history: &[], shown: &[(ItemIdx(2), 4.0)] };
    assert_eq!(terms(&[Hook::Bias]).bias(situation, 3).unwrap().unwrap(), [0.0, 7.0, 0.0]);
    let columns = terms(&[Hook::Columns]).columns().unwrap();
    assert_eq!(columns.keys().collect::<Vec<_>>(), ["one.known", "two.known"]);
    assert_eq!(columns["two.known"], [4.0; 3]);
    let unbounded = Terms::new(vec![Box::new(Says("one", f32::INFINITY, Hooks::of(&[Hook::Bias])))]);
    assert_eq!(unbounded.bias(situation, 3).unwrap_err().to_string(), "the term one: its bias is not finite");
}

#[test]
fn a_term_is_asked_where_it_says_and_nowhere_else() {
    let mut silent = terms(&[]);
    let situation = Situation { history: &[], shown: &[] };
    assert!(Hook::ALL.iter().all(|hook| !silent.have(*hook)));
    assert_eq!(silent.reward(&steps()).unwrap(), None);
    assert_eq!(silent.weights(&steps()).unwrap(), [1.0; 2]);
    assert_eq!(silent.bias(situation, 3).unwrap(), None);
    assert!(silent.columns().unwrap().is_empty());
    let batch = Batch { own: &steps(), demonstrated: &steps() };
    let rng = &mut mdp::rng_for(0, &[]);
    assert_eq!(silent.learn(batch, rng).unwrap(), Metrics::default());
    let metrics = terms(&[Hook::Learn]).learn(batch, rng).unwrap();
    assert_eq!((metrics.get("term/one/loss"), metrics.get("term/two/loss")), (Some(3.0), Some(4.0)));
}

#[test]
fn a_term_that_would_not_be_heard_is_refused_by_name() {
    let asks = Hooks::of(&[Hook::Learn, Hook::Loss]);
    terms(&[Hook::Loss]).check("some", asks).unwrap();
    let refused = terms(&[Hook::Loss, Hook::Reward]).check("some", asks).unwrap_err();
    assert!(matches!(refused, LearningError::Unheard { .. }));
    assert_eq!(refused.to_string(), "the term one acts through the hook `reward`, which some never calls");
}
