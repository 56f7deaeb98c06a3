//! Golden values of the published code, laws of the weights, and the learners' ladder.

use crate::*;
use mdp::{ItemIdx, UserIdx, rng_for};
use proptest::prelude::*;

fn close(got: &[f32], want: &[f32], within: f32) {
    assert_eq!(got.len(), want.len());
    assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() <= within), "{got:?} against {want:?}");
}

#[test]
fn weights_of_the_specification() {
    let check = |beta, alpha, gamma_irl, want: [f32; 3]| {
        let config = WeightConfig::new(beta, alpha, gamma_irl).unwrap();
        close(&fused_weights(&[0.0, 1.0, 2.0], &[0.2, 0.4, 0.6], &config), &want, 2e-6);
    };
    check(1.0, 0.25, 0.5, [1.098_531, 0.976_445, 0.925_024]);
    check(1.0, 0.25, 1.0, [1.466_721, 0.902_494, 0.630_785]);
    check(10.0, 0.5, 1.0, [1.432_013, 0.921_886, 0.646_101]);
}

#[test]
fn weights_refuse_senseless_settings() {
    for (beta, alpha, gamma) in [(0.0, 0.5, 1.0), (f32::NAN, 0.5, 1.0), (1.0, 1.5, 1.0), (1.0, 0.5, -1.0)] {
        assert!(WeightConfig::new(beta, alpha, gamma).is_err());
    }
    assert!(WeightConfig::new(1.0, 0.5, 1.0).unwrap().with_limits(0.0, 1.0).is_err());
    let message = WeightConfig::new(0.0, 0.5, 1.0).unwrap_err().to_string();
    assert_eq!(message, "beta must be above 0, got 0");
}

#[test]
fn useless_means_give_weights_of_one() {
    let config = WeightConfig::new(1.0, 0.5, 1.0).unwrap();
    assert_eq!(fused_weights(&[f32::NAN, 1.0], &[0.5, 0.5], &config), [1.0, 1.0]);
    assert_eq!(fused_weights(&[], &[], &config), [0.0f32; 0]);
}

proptest! {
    #[test]
    fn weights_have_mean_one_and_parts_stay_within_limits(
        rows in prop::collection::vec((-9.0f32..9.0, 0.0f32..=1.0), 1..20),
    ) {
        let (advantages, probabilities): (Vec<f32>, Vec<f32>) = rows.into_iter().unzip();
        let wide = WeightConfig::new(10.0, 0.5, 1.0).unwrap();
        let mean = fused_weights(&advantages, &probabilities, &wide).iter().sum::<f32>() / advantages.len() as f32;
        prop_assert!((mean - 1.0).abs() < 1e-3, "{mean}");
        let narrow = WeightConfig::new(1.0, 0.25, 1.0).unwrap().with_limits(0.25, 4.0).unwrap();
        let parts = advantages.iter().map(|&a| env_weight(a, &narrow));
        let parts = parts.chain(probabilities.iter().map(|&p| irl_weight(p, &narrow)));
        let all: Vec<f32> = parts.chain(fused_weights(&advantages, &probabilities, &narrow)).collect();
        prop_assert!(all.iter().all(|w| (0.25..=4.0).contains(w)));
    }
}

#[test]
fn the_sign_of_the_discriminator() {
    assert_eq!((LABEL_POLICY, LABEL_DEMONSTRATION), (1.0, 0.0));
    let (expert, policy) = (probability_of_policy(-2.0), probability_of_policy(2.0));
    assert!(expert < 0.5 && policy > 0.5);
    assert!(learned_reward(expert) > learned_reward(policy));
    let config = WeightConfig::new(1.0, 0.5, 1.0).unwrap();
    assert!(irl_weight(expert, &config) > 1.0 && irl_weight(policy, &config) < 1.0);
    assert!((learned_reward(0.0) - 18.420_68).abs() < 1e-4);
}

#[test]
fn cross_entropy_known_value_and_gradient() {
    let (logits, labels) = ([0.3f32, -1.2, 40.0, -90.0], [1.0, 0.0, 1.0, 0.0]);
    let (loss, gradient) = binary_cross_entropy(&logits, &labels);
    let direct = ((1.0f32 + (-0.3f32).exp()).ln() + (1.0 + (-1.2f32).exp()).ln()) / 4.0;
    assert!((loss - direct).abs() < 1e-6);
    for i in 0..2 {
        let at = |z: f32| {
            let mut moved = logits;
            moved[i] = z;
            binary_cross_entropy(&moved, &labels).0
        };
        let numeric = (at(logits[i] + 1e-2) - at(logits[i] - 1e-2)) / 2e-2;
        assert!((numeric - gradient[i]).abs() < 1e-3);
    }
}

/// Two clouds of features: demonstrations around -1, policy steps around +1 in the first coordinate.
fn clouds(n: usize) -> (Vec<f32>, Vec<f32>) {
    let rng = &mut rng_for(3, &[]);
    let mut cloud = |centre: f32| -> Vec<f32> {
        let mut rows = nn::normals(4 * n, 0.5, rng);
        rows.iter_mut().step_by(4).for_each(|x| *x += centre);
        rows
    };
    (cloud(-1.0), cloud(1.0))
}

#[test]
fn discriminator_ladder() {
    let (expert, policy) = clouds(32);
    let mut learner = Discriminator::new(4, 16, 1e-2, &mut rng_for(1, &[]));
    let before = learner.step(&expert, &policy).unwrap();
    let after = learner.step(&expert, &policy).unwrap();
    assert!(after < before, "one step lowers the loss: {before} to {after}");
    for _ in 0..200 {
        learner.step(&expert, &policy).unwrap();
    }
    let right = |rows: &[f32], is_policy: bool| {
        learner.probabilities_of_policy(rows).iter().filter(|&&p| (p > 0.5) == is_policy).count()
    };
    assert!(right(&expert, false) + right(&policy, true) >= 62);
    assert!(learner.step(&expert[1..], &policy).is_err() && learner.step(&[], &[]).is_err());
}

#[test]
fn discriminator_is_a_function_of_its_seed() {
    let (expert, policy) = clouds(8);
    let train = || {
        let mut learner = Discriminator::new(4, 8, 1e-3, &mut rng_for(5, &[]));
        (0..20).for_each(|_| drop(learner.step(&expert, &policy)));
        learner
    };
    assert_eq!(train(), train());
}

#[test]
fn advantages_find_the_better_action() {
    // One state, two actions: feature 1 returns 4, feature 0 returns 2. V is their mean, so A is +1 and -1.
    let states = vec![1.0; 40];
    let features: Vec<f32> = (0..40).map(|i| (i % 2) as f32).collect();
    let returns: Vec<f32> = features.iter().map(|f| 2.0 + 2.0 * f).collect();
    let config = ValueFitConfig::default();
    let fit = || {
        DemoAdvantages::fit((&states, 1), (&features, 1), &returns, &config, &mut rng_for(2, &[])).unwrap()
    };
    let found = fit();
    assert!(found.value.final_loss < found.value.initial_loss);
    assert!(found.action_value.final_loss < 0.1, "{}", found.action_value.final_loss);
    assert!((found.advantages[1] - 1.0).abs() < 0.3 && (found.advantages[0] + 1.0).abs() < 0.3);
    assert_eq!(found, fit());
    assert!(fit_value(&[], 1, &[], &config, &mut rng_for(2, &[])).is_err());
    assert!(fit_value(&[1.0], 1, &[1.0, 2.0], &config, &mut rng_for(2, &[])).is_err());
}

fn rendered(history: &[(ItemIdx, f32)], title: Option<&str>) -> String {
    let mut out = String::new();
    StateActionText { dataset: "amazon", user: UserIdx(42), history, item: ItemIdx(9), title }
        .render(&mut out);
    out
}

#[test]
fn texts_of_the_specification() {
    let text = rendered(&[(ItemIdx(1), 4.5), (ItemIdx(2), 0.0)], Some("A Book"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "template=ilrec_state_action_v1",
            "dataset=amazon",
            "user_id=42",
            "history=[item_id=1 reward=4.500000; item_id=2 reward=0.000000]",
            "candidate=item_id=9 text=A Book",
        ]
    );
    let bare = rendered(&[], None);
    assert!(bare.contains("\nhistory=<empty>\n") && bare.ends_with("item_id=9 text=<unknown>"));
}

#[test]
fn alike_texts_have_alike_vectors() {
    let encoder = HashedTextEncoder::new(256);
    let vector = |text: &str| {
        let mut out = vec![0.0; 256];
        encoder.encode(text, &mut out);
        out
    };
    let cosine = |a: &str, b: &str| kernels::dot(&vector(a), &vector(b)) / 256.0;
    assert!((cosine("The Long Walk", "the long walk") - 1.0).abs() < 1e-5);
    assert!(cosine("The Long Walk", "The Long Road") > cosine("The Long Walk", "Quantum Gardening") + 0.2);
    assert_eq!(vector(""), vec![0.0; 256]);
}
