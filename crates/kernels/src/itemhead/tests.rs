//! The fused head against plain loops in f64, finite differences, the unfused step, and itself on other machines.

use super::*;
use crate::{Adam, AdamConfig};

/// Numbers in `[-1, 1)` from a hash of their index.
pub(crate) fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mix = |i: u64| {
        let mut x = (i + seed * 1_000_003).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x ^= x >> 29;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((x >> 40) as f32) / (1u64 << 23) as f32 - 1.0
    };
    (0..n as u64).map(mix).collect()
}

struct Case {
    width: usize,
    limit: f32,
    rows: Vec<f32>,
    bias: Vec<f32>,
    hidden: Vec<f32>,
    actions: Vec<u32>,
    scales: Vec<HeadScale>,
}

fn case(n_items: usize, n_batch: usize, width: usize, limit: f32) -> Case {
    let signs = numbers(2 * n_batch, 5);
    Case {
        width,
        limit,
        rows: numbers(n_items * width, 1),
        bias: numbers(n_items, 2),
        hidden: numbers(n_batch * width, 3),
        actions: (0..n_batch).map(|row| (row * row * 37 % n_items) as u32).collect(),
        scales: signs.chunks(2).map(|s| HeadScale { action: s[0], entropy: 0.3 * s[1] }).collect(),
    }
}

impl Case {
    fn table(&self) -> HeadTable<'_> {
        HeadTable { rows: &self.rows, bias: &self.bias }
    }

    /// The loss by plain loops.
    fn loss(&self) -> f64 {
        let mut loss = 0.0;
        for (row, scale) in self.scales.iter().enumerate() {
            let hidden = &self.hidden[row * self.width..(row + 1) * self.width];
            let logit = |item: usize| {
                let weight = &self.rows[item * self.width..(item + 1) * self.width];
                let sum: f64 = hidden.iter().zip(weight).map(|(h, w)| f64::from(*h) * f64::from(*w)).sum();
                let (z, limit) = (sum + f64::from(self.bias[item]), f64::from(self.limit));
                if limit > 0.0 { limit * (z / limit).tanh() } else { z }
            };
            let logits: Vec<f64> = (0..self.bias.len()).map(logit).collect();
            let log_sum = logits.iter().map(|z| z.exp()).sum::<f64>().ln();
            let entropy: f64 = logits.iter().map(|z| (z - log_sum).exp() * (log_sum - z)).sum();
            let log_prob = logits[self.actions[row] as usize] - log_sum;
            loss -= f64::from(scale.action) * log_prob + f64::from(scale.entropy) * entropy;
        }
        loss
    }

    /// Loss, and gradients of rows, biases and hidden states, by the fused head.
    fn fused(&self, isa: Isa) -> (f64, [Vec<f32>; 3]) {
        let mut pass = HeadPass::new(isa, self.width, self.limit);
        let rows = pass.forward(self.table(), &self.hidden, &self.actions);
        let each = rows.iter().zip(&self.scales);
        let loss = each
            .map(|(row, scale)| f64::from(-scale.action * row.log_prob() - scale.entropy * row.entropy))
            .sum();
        let [mut d_rows, mut d_bias, mut d_hidden] =
            [self.rows.len(), self.bias.len(), self.hidden.len()].map(|n| vec![9.0; n]);
        let gradients = HeadGradients { rows: &mut d_rows, bias: &mut d_bias };
        pass.backward(self.table(), &self.scales, gradients, &mut d_hidden);
        (loss, [d_rows, d_bias, d_hidden])
    }
}

#[test]
fn the_loss_is_that_of_plain_loops() {
    for (n_items, n_batch, width, limit) in
        [(1, 1, 16, 2.0), (63, 3, 16, 0.0), (700, 17, 32, 5.0), (2200, 130, 64, 10.0)]
    {
        let case = case(n_items, n_batch, width, limit);
        let (got, want) = (case.fused(Isa::detected()).0, case.loss());
        assert!((got - want).abs() < 1e-4 * n_batch as f64, "{n_items} items: {got} against {want}");
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for limit in [0.0, 3.0] {
        let mut case = case(150, 5, 16, limit);
        let (_, gradients) = case.fused(Isa::detected());
        let step = 1e-2;
        for (which, gradient) in gradients.iter().enumerate() {
            for at in (0..gradient.len()).step_by(gradient.len() / 40 + 1) {
                let mut sides = [0.0; 2];
                for (side, sign) in sides.iter_mut().zip([1.0, -1.0]) {
                    let values = [&mut case.rows, &mut case.bias, &mut case.hidden];
                    let cell = &mut values.into_iter().nth(which).expect("three of them")[at];
                    let before = std::mem::replace(cell, *cell + sign * step);
                    *side = case.loss();
                    let values = [&mut case.rows, &mut case.bias, &mut case.hidden];
                    values.into_iter().nth(which).expect("three of them")[at] = before;
                }
                let want = (sides[0] - sides[1]) / (2.0 * f64::from(step));
                let got = f64::from(gradient[at]);
                assert!(
                    (got - want).abs() < 2e-3 * (1.0 + want.abs()),
                    "{which} at {at}: {got} against {want}"
                );
            }
        }
    }
}

#[test]
fn every_instruction_set_gives_the_bits_of_the_portable_one() {
    for (n_items, n_batch, width, limit) in [(150, 5, 16, 0.0), (333, 34, 48, 4.0), (200, 140, 64, 10.0)] {
        let case = case(n_items, n_batch, width, limit);
        let want = case.fused(Isa::Portable);
        for isa in [Isa::Avx2, Isa::Avx512, Isa::Neon].into_iter().filter(|isa| isa.is_available()) {
            assert!(case.fused(isa) == want, "{isa:?} differs");
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let case = case(5000, 20, 32, 6.0);
    let on = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| case.fused(Isa::detected()))
    };
    let want = on(1);
    assert!([2, 3, 7].into_iter().all(|n| on(n) == want));
}

#[test]
fn the_fused_step_is_adam_on_the_gradients() {
    let mut case = case(1000, 20, 32, 6.0);
    let config = AdamConfig::with_learning_rate(0.01);
    let optimisers = |case: &Case| [Adam::new(config, case.rows.len()), Adam::new(config, case.bias.len())];
    let (mut fused, mut plain) = (optimisers(&case), optimisers(&case));
    let mut pass = HeadPass::new(Isa::detected(), case.width, case.limit);
    for _ in 0..3 {
        let (_, [d_rows, d_bias, want]) = case.fused(Isa::detected());
        let (mut rows, mut bias) = (case.rows.clone(), case.bias.clone());
        plain[0].step(&mut rows, &d_rows);
        plain[1].step(&mut bias, &d_bias);
        pass.forward(case.table(), &case.hidden, &case.actions);
        let mut d_hidden = vec![0.0; case.hidden.len()];
        let [rows_adam, bias_adam] = &mut fused;
        let parameters = HeadParameters {
            rows: &mut case.rows,
            bias: &mut case.bias,
            rows_adam,
            bias_adam,
            limits: HeadLimits::NONE,
        };
        pass.backward_and_step(parameters, &case.scales, &mut d_hidden);
        assert!(case.rows == rows && case.bias == bias && d_hidden == want && fused == plain);
    }
}

#[test]
fn a_limited_step_is_a_step_and_then_limits() {
    let case = case(150, 9, 32, 6.0);
    let step = |limits: HeadLimits| {
        let (mut rows, mut bias) = (case.rows.clone(), case.bias.clone());
        let config = AdamConfig::with_learning_rate(0.3);
        let [mut rows_adam, mut bias_adam] = [rows.len(), bias.len()].map(|n| Adam::new(config, n));
        let mut pass = HeadPass::new(Isa::detected(), case.width, case.limit);
        pass.forward(case.table(), &case.hidden, &case.actions);
        let parameters = HeadParameters {
            rows: &mut rows,
            bias: &mut bias,
            rows_adam: &mut rows_adam,
            bias_adam: &mut bias_adam,
            limits,
        };
        pass.backward_and_step(parameters, &case.scales, &mut vec![0.0; case.hidden.len()]);
        ([rows, bias], [rows_adam, bias_adam])
    };
    let (limits, ([free, free_bias], free_adam)) =
        (HeadLimits { row_norm: 3.7, bias: 0.7 }, step(HeadLimits::NONE));
    let ([got, got_bias], adam) = step(limits);
    assert!(adam == free_adam, "moments do not see the limits");
    let mut n_scaled = 0;
    for (got, free) in got.chunks(32).zip(free.chunks(32)) {
        let norm = free.iter().map(|x| x * x).sum::<f32>().sqrt();
        let scale = if norm > 3.7 { 3.7 / norm } else { 1.0 };
        n_scaled += usize::from(norm > 3.7);
        assert!(got.iter().zip(free).all(|(got, free)| (got - scale * free).abs() < 1e-5));
    }
    assert!((10..140).contains(&n_scaled), "{n_scaled} rows are over the limit");
    assert!(got_bias.iter().zip(&free_bias).all(|(got, free)| *got == free.clamp(-0.7, 0.7)));
    assert!(free_bias.iter().any(|b| b.abs() > 0.7));
}

/// Probabilities of a state by plain loops, without the items of which a bit is set.
fn probabilities(case: &Case, state: usize, excluded: &[u64]) -> Vec<f64> {
    let hidden = &case.hidden[state * case.width..][..case.width];
    let weight = |(item, row): (usize, &[f32])| {
        let sum: f64 = hidden.iter().zip(row).map(|(h, w)| f64::from(*h) * f64::from(*w)).sum();
        let (z, limit) = (sum + f64::from(case.bias[item]), f64::from(case.limit));
        let z = if limit > 0.0 { limit * (z / limit).tanh() } else { z };
        if excluded[item / 64] >> (item % 64) & 1 == 1 { 0.0 } else { z.exp() }
    };
    let weights: Vec<f64> = case.rows.chunks(case.width).enumerate().map(weight).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

#[test]
fn a_draw_is_where_the_distribution_function_passes_the_uniform_number() {
    for (n_items, n_states, width, limit) in [(1, 1, 16, 0.0), (200, 37, 32, 4.0), (700, 130, 64, 0.0)] {
        let case = case(n_items, n_states, width, limit);
        // A whole tile is out for some states, single items for others, nothing for the rest.
        let sets: Vec<Vec<u64>> = (0..n_states as u64)
            .map(|state| {
                let word = |tile: usize| match (n_items > 64, state % 3, tile) {
                    (true, 0, 1) => u64::MAX,
                    (true, 1, _) => 0x0123_4567_89ab_cdef,
                    _ => 0,
                };
                (0..n_items.div_ceil(64)).map(word).collect()
            })
            .collect();
        let uniforms: Vec<f64> = (0..n_states).map(|state| (state as f64 * 0.618) % 1.0).collect();
        let mut draw = HeadDraw::new(Isa::detected(), width, limit);
        let mut drawn = Vec::new();
        draw.draw(case.table(), &case.hidden, &uniforms, |state, tile| sets[state][tile], &mut drawn);
        for (state, drawn) in drawn.iter().enumerate() {
            let want = probabilities(&case, state, &sets[state]);
            let before: f64 = want[..drawn.item as usize].iter().sum();
            let own = want[drawn.item as usize];
            let uniform = uniforms[state];
            assert!(
                own > 0.0 && before - 1e-5 <= uniform && uniform <= before + own + 1e-5,
                "{state}: {drawn:?}"
            );
            assert!((f64::from(drawn.log_prob) - own.ln()).abs() < 1e-4);
            // Alone a state draws what it draws among others.
            let hidden = &case.hidden[state * width..][..width];
            let mut alone = Vec::new();
            draw.draw(
                case.table(),
                hidden,
                &uniforms[state..=state],
                |_, tile| sets[state][tile],
                &mut alone,
            );
            assert_eq!(alone, [*drawn]);
        }
    }
}

#[test]
fn draws_are_the_same_on_every_instruction_set() {
    let case = case(333, 40, 48, 4.0);
    let uniforms: Vec<f64> = (0..40).map(|state| (f64::from(state) * 0.618) % 1.0).collect();
    let draw = |isa| {
        let mut drawn = Vec::new();
        HeadDraw::new(isa, 48, 4.0).draw(case.table(), &case.hidden, &uniforms, |_, _| 0, &mut drawn);
        drawn
    };
    let want = draw(Isa::Portable);
    for isa in [Isa::Avx2, Isa::Avx512, Isa::Neon].into_iter().filter(|isa| isa.is_available()) {
        assert!(draw(isa) == want, "{isa:?} differs");
    }
}
