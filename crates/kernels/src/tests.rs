//! Every kernel against the plain loop.

use crate::*;
use proptest::prelude::*;

fn values(n: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-3.0f32..3.0, n)
}

proptest! {
    #[test]
    fn products_agree_with_the_triple_loop(a in values(6), b in values(12), start in values(8)) {
        let (rows, inner, columns) = (2, 3, 4);
        for (a_layout, b_layout) in [
            (Layout::Plain, Layout::Plain),
            (Layout::Transposed, Layout::Plain),
            (Layout::Plain, Layout::Transposed),
        ] {
            let mut out = start.clone();
            matmul((rows, inner, columns), (&a, a_layout), (&b, b_layout), 0.5, &mut out);
            for r in 0..rows {
                for c in 0..columns {
                    let sum: f32 = (0..inner).map(|k| {
                        let x = if a_layout == Layout::Plain { a[r * inner + k] } else { a[k * rows + r] };
                        let y = if b_layout == Layout::Plain { b[k * columns + c] } else { b[c * inner + k] };
                        x * y
                    }).sum();
                    prop_assert!((out[r * columns + c] - (0.5 * start[r * columns + c] + sum)).abs() < 1e-4);
                }
            }
        }
    }

    #[test]
    fn vectors_agree_with_the_loop(a in values(37), b in values(37)) {
        let plain: f32 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
        prop_assert!((dot(&a, &b) - plain).abs() < 1e-3);
        let mut target = a.clone();
        add_scaled(&mut target, 2.0, &b);
        for i in 0..37 {
            prop_assert!((target[i] - (a[i] + 2.0 * b[i])).abs() < 1e-5);
        }
    }

    #[test]
    fn exponentials_are_close(x in -90.0f32..89.0) {
        let mut got = [x];
        exp_in_place(&mut got);
        let want = f64::from(x).exp();
        let error = (f64::from(got[0]) - want).abs() / want.max(1e-37);
        prop_assert!(!(-87.0..=88.0).contains(&x) || error < 3e-7, "{x}: {} against {want}", got[0]);
    }

    #[test]
    fn softmax_sums_to_one(mut z in values(50)) {
        let before = z.clone();
        let log_sum = softmax_in_place(&mut z);
        prop_assert!((z.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        prop_assert!((log_sum - log_sum_exp(&before)).abs() < 1e-5);
    }
}

#[test]
fn adam_takes_the_textbook_steps() {
    let mut adam = Adam::new(AdamConfig::with_learning_rate(0.1), 1);
    let mut p = [1.0f32];
    adam.step(&mut p, &[0.5]);
    assert!((p[0] - 0.9).abs() < 1e-6, "the first step is the step size, got {}", p[0]);
    adam.step(&mut p, &[0.0]);
    let (m, v): (f64, f64) = (0.9 * 0.05, 0.999 * 0.00025);
    let want = 0.9 - 0.1 * (m / (1.0 - 0.81)) / ((v / (1.0 - 0.998_001)).sqrt() + 1e-8);
    assert!((f64::from(p[0]) - want).abs() < 1e-6, "{} against {want}", p[0]);
}
