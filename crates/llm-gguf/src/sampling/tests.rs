//! Draws.

use super::*;

fn sampling(temperature: f32, top_p: f32) -> Sampling {
    Sampling { temperature, top_p, max_tokens: 1, seed: 4, stop: Vec::new() }
}

fn shares(logits: &[f32], sampling: &Sampling) -> Vec<f64> {
    let mut rng = generator(sampling);
    let mut counts = vec![0.0; logits.len()];
    for _ in 0..4000 {
        counts[draw(logits, sampling, &mut rng)] += 1.0 / 4000.0;
    }
    counts
}

#[test]
fn greedy_takes_the_first_of_the_largest() {
    assert_eq!(shares(&[0.0, 2.0, 2.0], &sampling(0.0, 1.0)), shares(&[0.0, 9.0, 1.0], &sampling(0.0, 0.1)));
}

#[test]
fn shares_are_the_probabilities() {
    let logits = [0.0, 2f32.ln(), 5f32.ln()];
    for (found, expected) in shares(&logits, &sampling(1.0, 1.0)).iter().zip([0.125, 0.25, 0.625]) {
        assert!((found - expected).abs() < 0.03, "{found} {expected}");
    }
    let cold = shares(&logits, &sampling(0.5, 1.0));
    assert!((cold[2] - 25.0 / 30.0).abs() < 0.03, "{cold:?}");
}

#[test]
fn the_nucleus_is_the_smallest_set_that_reaches_its_share() {
    let logits = [0.0, 2f32.ln(), 5f32.ln()];
    let found = shares(&logits, &sampling(1.0, 0.7));
    assert!(found[0] == 0.0 && (found[1] - 2.0 / 7.0).abs() < 0.03, "{found:?}");
    assert_eq!(shares(&logits, &sampling(1.0, 0.5))[2], shares(&logits, &sampling(0.0, 1.0))[2]);
}

#[test]
fn normalisers_survive_large_logits() {
    assert!((log_normaliser(&[1000.0, 1000.0]) - (1000.0 + 2f64.ln())).abs() < 1e-4);
}
