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
    fn outer_products_agree_with_the_loop(start in values(24 * 24), x in values(24), n_rows in 0usize..=24) {
        let mut matrix = start.as_chunks::<8>().0[..n_rows * 3].to_vec();
        add_outer_product(&mut matrix, x.as_chunks::<8>().0);
        for (r, row) in matrix.as_flattened().chunks_exact(24).enumerate() {
            for c in 0..=r {
                prop_assert_eq!(row[c].to_bits(), x[c].mul_add(x[r], start[r * 24 + c]).to_bits());
            }
        }
    }

    #[test]
    fn long_products_agree_with_the_loop(a in values(150), b in values(150)) {
        let plain: f32 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
        prop_assert!((dot_long(&a, &b) - plain).abs() < 1e-3);
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
    fn logarithms_are_close(x in 1e-30f32..1e30, near_one in 0.5f32..2.0) {
        let mut got = [x, near_one];
        logarithms(&mut got);
        for (got, x) in got.into_iter().zip([x, near_one]) {
            let want = f64::from(x).ln();
            prop_assert!((f64::from(got) - want).abs() <= 3e-7 * want.abs(), "{x}: {got} against {want}");
        }
    }

    #[test]
    fn columns_agree_with_the_loop(a in values(37), b in values(37)) {
        let mut target = a.clone();
        add_product(&mut target, &a, &b);
        let mut product = a.clone();
        multiply(&mut product, &a, &b);
        let mut negative = a.clone();
        negate(&mut negative, -1.0);
        let mut odds = a.clone();
        one_plus_exp(&mut odds, 2.0);
        for i in 0..37 {
            prop_assert_eq!(product[i], a[i] * a[i] * b[i]);
            prop_assert_eq!(negative[i], (-a[i]).max(-1.0));
            prop_assert!((odds[i] - (1.0 + a[i].min(2.0).exp())).abs() < 1e-5);
        }
        let mut roots = a.clone();
        square_roots(&mut roots);
        let best = a.iter().zip(&b).filter(|(a, b)| **a > 0.0 && **b > 0.5).map(|(a, _)| *a);
        prop_assert_eq!(largest_where((&a, &b, 0.5), &a, 0.25), (best.clone().count() as u32, best.fold(0.25, f32::max)));
        let (mut low, mut second) = (vec![1.0; 37], vec![2.0; 37]);
        keep_two_smallest(&a, &mut low, &mut second);
        for i in 0..37 {
            prop_assert!((target[i] - (a[i] + a[i] * b[i])).abs() < 1e-5);
            prop_assert_eq!(roots[i], a[i].max(0.0).sqrt());
            let mut three = [1.0, 2.0, a[i]];
            three.sort_by(f32::total_cmp);
            prop_assert_eq!([low[i], second[i]], [three[0], three[1]]);
        }
    }

    #[test]
    fn perceptrons_agree_with_the_loop(a in values(150), b in values(150), weights in values(13)) {
        let (inner, outer) = weights.split_at(9);
        let mut got = vec![0.0; 150];
        perceptron_over_columns((&inner[..6], &inner[6..]), (&outer[..3], outer[3]), &[&a, &b], &mut got);
        for i in 0..150 {
            let hidden = |u: usize| (inner[6 + u] + a[i] * inner[u] + b[i] * inner[3 + u]).max(0.0);
            let want = outer[3] + (0..3).map(|u| hidden(u) * outer[u]).sum::<f32>();
            prop_assert!((got[i] - want).abs() < 1e-4);
        }
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

#[test]
fn tanh_is_close() {
    for i in -4000..4000 {
        let x = i as f32 * 0.005;
        let mut got = [x];
        clamp_logits(&mut got, 1.0);
        assert!((got[0] - x.tanh()).abs() < 1e-6, "{x}: {} against {}", got[0], x.tanh());
    }
}

#[test]
fn clamped_logits_stay_within_the_limit_and_zero_means_none() {
    let mut z = [-100.0f32, -0.1, 0.0, 3.0, 100.0];
    let plain = z;
    clamp_logits(&mut z, 0.0);
    assert_eq!(z, plain);
    clamp_logits(&mut z, 1.0);
    assert!(z.iter().all(|z| z.abs() <= 1.0) && (z[3] - 3.0f32.tanh()).abs() < 1e-6);
}

#[test]
fn draws_follow_the_softmax_and_never_take_a_masked_item() {
    let logits: Vec<f32> =
        (0..150).map(|i| if i % 3 == 0 { f32::NEG_INFINITY } else { (i % 7) as f32 * 0.3 }).collect();
    let mut p = vec![0.0; 150];
    let row = softmax_row(&logits, &mut p);
    let n_draws = 20_000;
    let mut counts = vec![0u32; 150];
    for draw in 0..n_draws {
        let mut z = logits.clone();
        let (item, log_prob) = draw_from_softmax(&mut z, (f64::from(draw) + 0.5) / f64::from(n_draws));
        assert!((log_prob - (logits[item] - row.log_sum)).abs() < 1e-4);
        counts[item] += 1;
    }
    // The uniform numbers form a grid, so each count is within one of its expectation.
    for i in 0..150 {
        assert!((f64::from(counts[i]) - f64::from(p[i]) * f64::from(n_draws)).abs() <= 1.5, "item {i}");
        assert!(i % 3 != 0 || counts[i] == 0);
    }
    assert_eq!(draw_from_softmax(&mut [f32::NEG_INFINITY, 2.0], 1.0 - 1e-16).0, 1);
}

proptest! {
    #[test]
    fn affine_maps_agree_with_the_product(input in values(2 * 5), weight in values(5 * 71), bias in values(71)) {
        let mut got = vec![0.0; 2 * 71];
        affine(&input, &weight, &bias, &mut got);
        let mut want = bias.repeat(2);
        matmul((2, 5, 71), (&input, Layout::Plain), (&weight, Layout::Plain), 1.0, &mut want);
        prop_assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-4));
        // The loss is the inner product with `got` itself held fixed, so the upstream gradient is `got`.
        let (mut dw, mut db, mut dx) = (vec![1.0; 5 * 71], vec![1.0; 71], vec![9.0; 10]);
        affine_backward((&input, &weight, &got), &mut dw, &mut db, &mut dx);
        for k in 0..5 {
            let plain: f32 = (0..71).map(|j| got[j] * weight[k * 71 + j]).sum();
            prop_assert!((dx[k] - plain).abs() < 1e-2);
            for j in 0..71 {
                let plain = 1.0 + input[k] * got[j] + input[5 + k] * got[71 + j];
                prop_assert!((dw[k * 71 + j] - plain).abs() < 1e-2);
            }
        }
        prop_assert!((0..71).all(|j| (db[j] - (1.0 + got[j] + got[71 + j])).abs() < 1e-3));
    }

    #[test]
    fn long_rows_multiply(a in values(5 * 2101), b in values(3 * 2101)) {
        let mut got = vec![9.0; 15];
        products_of_rows(&a, &b, 2101, &mut got);
        let mut want = vec![0.0; 15];
        matmul((5, 2101, 3), (&a, Layout::Plain), (&b, Layout::Transposed), 0.0, &mut want);
        prop_assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-2));
    }

    #[test]
    fn head_gradients_are_those_of_the_loss(
        raw in values(9), action in 0usize..9, action_scale in -2.0f32..2.0, entropy_scale in -1.0f32..1.0,
        limit in prop::sample::select(vec![0.0f32, 1.0, 5.0]),
    ) {
        let loss = |raw: &[f32]| {
            let (mut z, mut p) = (raw.to_vec(), vec![0.0; 9]);
            clamp_logits(&mut z, limit);
            let row = softmax_row(&z, &mut p);
            -action_scale * (z[action] - row.log_sum) - entropy_scale * row.entropy
        };
        let (mut z, mut p) = (raw.clone(), vec![0.0; 9]);
        clamp_logits(&mut z, limit);
        let row = softmax_row(&z, &mut p);
        head_gradient(&mut z, &p, row, HeadLoss { action, action_scale, entropy_scale, limit });
        for i in 0..9 {
            let (mut up, mut down) = (raw.clone(), raw.clone());
            up[i] += 1e-2;
            down[i] -= 1e-2;
            let numeric = (loss(&up) - loss(&down)) / 2e-2;
            prop_assert!((numeric - z[i]).abs() < 3e-3, "{i}: {} against {numeric}", z[i]);
        }
    }

    #[test]
    fn late_adam_equals_dense_adam_bit_for_bit(
        start in values(6 * 5),
        touched in prop::collection::vec((0u32..6, -2.0f32..2.0, 0usize..700), 1..12),
        reads in prop::collection::vec(0usize..6, 12),
    ) {
        let mut late = RowAdam::new(0.01, 5, start.clone());
        let (mut dense, mut dense_values) = (Adam::new(AdamConfig::with_learning_rate(0.01), 30), start);
        let mut gradients = RowGradients::new(5);
        for ((row, gradient, n_idle), read) in touched.into_iter().zip(reads) {
            gradients.clear();
            gradients.add(row, &[gradient, 0.0, -gradient, 1e-12, gradient * 1e-4]);
            gradients.add((row + 2) % 6, &[0.5; 5]);
            gradients.add(row, &[0.25; 5]);
            let mut flat = vec![0.0; 30];
            for (&row, gradient) in gradients.iter() {
                flat[row as usize * 5..(row as usize + 1) * 5].copy_from_slice(gradient);
            }
            late.step(&gradients);
            dense.step(&mut dense_values, &flat);
            gradients.clear();
            for _ in 0..n_idle {
                late.step(&gradients);
                dense.step(&mut dense_values, &[0.0; 30]);
            }
            prop_assert_eq!(late.row(read), &dense_values[read * 5..(read + 1) * 5]);
            late = RowAdam::from_parts(0.01, 5, late.to_parts());
        }
        prop_assert_eq!(late.rows(), dense_values.as_slice());
        let parts = late.to_parts();
        prop_assert!(parts.first == dense.first && parts.second == dense.second);
    }
}

#[test]
fn lazy_adam_is_dense_adam_for_rows_that_always_have_a_gradient_and_rests_without() {
    let values: Vec<f32> = (0..8).map(|i| i as f32).collect();
    let mut lazy = RowAdam::new(0.1, 4, values.clone()).with_absence(Absence::Rests);
    let mut exact = RowAdam::new(0.1, 4, values);
    for step in 0..5 {
        for table in [&mut lazy, &mut exact] {
            let mut gradients = RowGradients::new(4);
            gradients.add(0, &[0.5, -0.5, 1.0, step as f32]);
            if step == 0 {
                gradients.add(1, &[1.0; 4]);
            }
            table.step(&gradients);
        }
        assert_eq!(lazy.row(0), exact.row(0));
    }
    assert!((lazy.row(1)[0] - 3.9).abs() < 1e-6, "one step of row 1 and no more");
    assert!(exact.row(1)[0] < 3.85, "dense Adam goes on by momentum");
}
