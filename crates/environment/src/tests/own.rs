//! A rule of one's own, against what the crate makes public.

use super::Matrix;
use crate::*;
use mdp::*;
use std::sync::Arc;

const PATIENCE: Parameter = Parameter {
    name: "patience",
    about: "how many items are borne",
    kind: Kind::Count,
    default: Some(3.0),
    drawn: None,
    least: 1.0,
    most: 100.0,
    is_later: false,
};

static TIRED: RuleEntry = RuleEntry {
    name: "tired",
    about: "a user leaves after so many items",
    source: "this test",
    needs: &[],
    parameters: &[PATIENCE],
    build: |parameters| Arc::new(Tired { patience: parameters.count(PATIENCE.name) }),
    calibrate: None,
};

#[derive(Debug)]
struct Tired {
    patience: usize,
}

impl ExitModel for Tired {
    fn by_content(&self, _: ItemIdx, shown: &[ItemIdx], _: &ItemFeatures) -> Option<Leaving> {
        let reason = ExitReason::Repeat;
        (shown.len() >= self.patience).then_some(Leaving { reason, matched: None, probability: 1.0 })
    }
}

#[test]
fn a_rule_of_ones_own_needs_an_entry_and_a_model() {
    let steps_with = |settings: &RuleSettings| {
        let rule = ExitRule::of(&TIRED, TIRED.parameters(settings).unwrap()).unwrap();
        let rewards = Arc::new(Matrix(vec![vec![4.0; 3]]));
        let environment = Environment::new(rewards, ItemFeatures::default(), rule, 50).unwrap();
        let mut session = environment.start(UserIdx(0)).unwrap();
        while session.end().continues() {
            session.step(ItemIdx(0)).unwrap();
        }
        session.shown().len()
    };
    assert_eq!(steps_with(&RuleSettings::default()), 4);
    assert_eq!(steps_with(&RuleSettings::default().with("patience", 7)), 8);
}
