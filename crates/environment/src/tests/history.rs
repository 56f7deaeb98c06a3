//! Rewards that look at what a session has shown.

use crate::*;
use mdp::*;
use std::sync::Arc;

/// Everything earns 5 at first and one less for each time it was shown in the session.
struct Tiring;

impl RewardSource for Tiring {
    fn n_users(&self) -> usize {
        2
    }
    fn n_items(&self) -> usize {
        3
    }
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        self.reward_after(user, item, &[])
    }
    fn reward_after(&self, _: UserIdx, item: ItemIdx, shown: &[ItemIdx]) -> f32 {
        5.0 - shown.iter().filter(|&&other| other == item).count() as f32
    }
    fn looks_at_history(&self) -> bool {
        true
    }
}

#[test]
fn a_repeat_earns_less_alone_and_side_by_side() {
    let rule = ExitRule::ilrec(0.0);
    let distances = Arc::new(super::Matrix(vec![vec![1.0; 3]; 3]));
    let features = ItemFeatures::default().with_distances(distances);
    let environment = Environment::new(Arc::new(Tiring), features, rule, 10).unwrap();
    let items = [0, 1, 0, 0, 0].map(ItemIdx);
    let mut alone = environment.start(UserIdx(0)).unwrap();
    let outcomes: Vec<Outcome> = items.iter().map(|&item| alone.step(item).unwrap()).collect();
    let rewards: Vec<f32> = outcomes.iter().map(|outcome| outcome.reward).collect();
    assert_eq!(rewards, [5.0, 5.0, 4.0, 3.0, 2.0]);
    let mut together = VectorEnvironment::start(&environment, &[UserIdx(0), UserIdx(1)]).unwrap();
    for (step, &item) in items.iter().enumerate() {
        assert_eq!(together.step(&[ItemIdx(2), item]).unwrap()[1], outcomes[step]);
        if step == 2 {
            together.restart(0, UserIdx(0)).unwrap();
        }
    }
    assert_eq!(together.step_some(&[1], &[ItemIdx(0)]).unwrap()[0].end, {
        StepEnd::Terminated(ExitReason::LowReward)
    });
}
