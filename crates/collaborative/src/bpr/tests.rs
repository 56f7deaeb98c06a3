//! A step climbs its objective, and pairs are of what was taken up and what was not.

use super::*;
use mdp::{ItemIdx, rng_for};
use std::collections::BTreeSet;

#[test]
fn a_step_climbs_the_gradient_of_the_penalised_objective() {
    let config = BprConfig {
        n_factors: 3,
        learning_rate: 0.05,
        first_deviation: 0.1,
        l2_user: 0.3,
        l2_item: 0.2,
        l2_bias: 0.1,
    };
    let pair = BprPair { user: 1, taken: 2, other: 0 };
    let mut start = BprFactors::new(2, 3, &config, &mut rng_for(4, &[]));
    start.biases.values = vec![0.4, 9.0, -0.3];
    let objective = |factors: &BprFactors| {
        let square = |values: &[f32]| values.iter().map(|x| x * x).sum::<f32>();
        let of_items = square(&factors.items.values[..3]) + square(&factors.items.values[6..]);
        let of_biases = square(&[factors.biases.values[0], factors.biases.values[2]]);
        let penalty = 0.3 * square(factors.user(1)) + 0.2 * of_items + 0.1 * of_biases;
        -(-factors.margin(pair)).exp().ln_1p() - penalty / 2.0
    };
    let mut stepped = start.clone();
    let cost = stepped.step(pair, &config);
    assert!((cost - (-start.margin(pair)).exp().ln_1p()).abs() < 1e-6);
    type Part = fn(&mut BprFactors) -> &mut BprTable;
    let parts: [(Part, usize); 3] = [(|f| &mut f.users, 6), (|f| &mut f.items, 9), (|f| &mut f.biases, 3)];
    for (part, n) in parts {
        for at in 0..n {
            let moved = |by: f32| {
                let mut factors = start.clone();
                part(&mut factors).values[at] += by;
                objective(&factors)
            };
            let expected = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            let (before, after) = (part(&mut start.clone()).values[at], part(&mut stepped).values[at]);
            // The first step of Adagrad is of the size of the rate.
            let gradient = part(&mut stepped).squares[at].sqrt() * (after - before).signum();
            assert!((gradient - expected).abs() < 2e-3, "{at}: {gradient}, expected {expected}");
        }
    }
}

#[test]
fn others_are_what_was_not_taken_up_and_all_of_it() {
    // User 0 took up everything, user 1 all but two, user 2 nothing.
    let of = |n: u32| (0..n).map(ItemIdx).collect::<Vec<_>>();
    let pairs = BprPairs::of(Choices::new([of(60), of(58), of(0)], 60)).unwrap();
    let mut rng = rng_for(5, &[]);
    let drawn: Vec<BprPair> = (0..2000).map(|_| pairs.draw(&mut rng)).collect();
    assert!(pairs.len() == 58 && drawn.iter().all(|pair| pair.user == 1));
    assert_eq!(drawn.iter().map(|pair| pair.other).collect::<BTreeSet<_>>(), [58, 59].into());
    assert_eq!(drawn.iter().map(|pair| pair.taken).collect::<BTreeSet<_>>().len(), 58);
    let nothing_left = BprPairs::of(Choices::new([of(60), of(0)], 60));
    assert_eq!(nothing_left.err(), Some(CollaborativeError::NoChoices));
}
