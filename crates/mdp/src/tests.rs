//! Golden values and laws of the vocabulary.

use crate::*;
use proptest::prelude::*;

const OFF: StepEnd = StepEnd::Terminated(ExitReason::LowReward);

#[test]
fn returns_of_the_specification() {
    let ends = [StepEnd::Continues, OFF, OFF];
    assert_eq!(returns_to_go(&[4.0, 2.0, 3.0], &ends, 0.5), [5.0, 2.0, 3.0]);
    assert_eq!(returns_to_go(&[-1000.0, 2.0], &[StepEnd::Continues, OFF], 0.5), [-999.0, 2.0]);
}

#[test]
fn streams_are_reproducible_and_apart() {
    use rand::RngExt as _;
    let draw = |path: &[u64]| rng_for(7, path).random::<u64>();
    assert_eq!(draw(&[1, 2]), draw(&[1, 2]));
    assert_ne!(draw(&[1, 2]), draw(&[2, 1]));
    assert_ne!(draw(&[1]), draw(&[1, 0]));
}

proptest! {
    #[test]
    fn returns_are_discounted_sums(
        rewards in prop::collection::vec(0.0f32..5.0, 1..20),
        discount in 0.0f32..1.0,
    ) {
        let n = rewards.len();
        let mut ends = vec![StepEnd::Continues; n];
        ends[n - 1] = OFF;
        let returns = returns_to_go(&rewards, &ends, discount);
        for (t, got) in returns.iter().enumerate() {
            let direct: f32 = (t..n).map(|k| discount.powi((k - t) as i32) * rewards[k]).sum();
            prop_assert!((got - direct).abs() < 1e-3);
        }
    }

    #[test]
    fn item_sets_agree_with_a_plain_set(
        members in prop::collection::vec(0u32..200, 0..60),
        more in prop::collection::vec(0u32..200, 0..60),
    ) {
        let mut set = ItemSet::empty(200);
        let mut plain = std::collections::BTreeSet::new();
        for m in members {
            prop_assert_eq!(set.insert(ItemIdx(m)), plain.insert(m));
        }
        let mut others = ItemSet::empty(200);
        more.iter().for_each(|m| _ = others.insert(ItemIdx(*m)));
        set.insert_all(&others);
        plain.extend(more);
        prop_assert_eq!(set.len(), plain.len());
        prop_assert!((0..300).all(|i| set.contains(ItemIdx(i)) == plain.contains(&i)));
    }
}
