//! Top items and draws against plain vectors, precisions against each other.

use super::*;
use crate::itemhead::tests::numbers;
use crate::{dot, softmax_row};

const WIDTH: usize = 64;

fn table(n_items: usize) -> (Vec<f32>, Vec<f32>) {
    (numbers(n_items * WIDTH, 1), numbers(n_items, 2))
}

/// All scores of a state.
fn plain((rows, bias): &(Vec<f32>, Vec<f32>), state: &[f32]) -> Vec<f32> {
    rows.chunks_exact(WIDTH).zip(bias).map(|(row, bias)| dot(state, row) + bias).collect()
}

fn sorted(scores: &[f32]) -> Vec<u32> {
    let mut items: Vec<u32> = (0..scores.len() as u32).collect();
    items.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]));
    items
}

fn packed_table(table: &(Vec<f32>, Vec<f32>), isa: Isa, precision: Precision) -> ScoringTable {
    ScoringTable::new(isa, precision, HeadTable { rows: &table.0, bias: &table.1 }, WIDTH)
}

fn instruction_sets() -> impl Iterator<Item = Isa> {
    [Isa::Portable, Isa::Avx2, Isa::Avx512, Isa::Neon].into_iter().filter(|isa| isa.is_available())
}

#[test]
fn the_best_are_those_of_a_sort_without_excluded_and_withdrawn_items() {
    let data = table(1000);
    let states = numbers(70 * WIDTH, 3);
    let mut packed = packed_table(&data, Isa::detected(), Precision::Single);
    packed.withdraw(sorted(&plain(&data, &states[..WIDTH]))[0]);
    let best_two: Vec<Vec<u32>> =
        states.chunks_exact(WIDTH).map(|state| sorted(&plain(&data, state))[..2].to_vec()).collect();
    let excluded: Vec<&[u32]> = best_two.iter().map(Vec::as_slice).collect();
    for (answer, state) in packed.top(&states, &excluded, 10).iter().zip(states.chunks_exact(WIDTH)) {
        let scores = plain(&data, state);
        let want = sorted(&scores).into_iter().skip(2);
        let want: Vec<u32> = want.filter(|&item| packed.bias[item as usize].is_finite()).take(10).collect();
        assert_eq!(answer.iter().map(|scored| scored.item).collect::<Vec<_>>(), want);
        assert!(answer.iter().all(|scored| (scored.score - scores[scored.item as usize]).abs() < 1e-4));
    }
    assert_eq!(packed.top(&states[..WIDTH], &[], 2000)[0].len(), 999, "as many as there are");
}

const WRONG: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

#[test]
fn a_state_that_is_not_finite_has_no_best() {
    let data = table(100);
    for precision in [Precision::Single, Precision::Half, Precision::Byte] {
        for (isa, wrong) in instruction_sets().flat_map(|isa| WRONG.map(|wrong| (isa, wrong))) {
            let packed = packed_table(&data, isa, precision);
            let mut states = numbers(2 * WIDTH, 3);
            states[5] = wrong;
            let table = HeadTable { rows: &data.0, bias: &data.1 };
            for answers in [packed.top(&states, &[], 10), packed.top_refined(table, &states, &[], (20, 10))] {
                let lengths = (answers[0].len(), answers[1].len());
                assert_eq!(lengths, (0, 10), "{isa:?}, {precision:?}, {wrong}");
            }
        }
    }
}

#[test]
fn a_table_is_finite() {
    let mut data = table(100);
    data.0[7] = f32::NAN;
    let pack = || packed_table(&data, Isa::detected(), Precision::Single);
    let panic = std::panic::catch_unwind(pack).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"finite rows and biases"));
}

#[test]
fn every_instruction_set_gives_the_same_scores() {
    let data = table(333);
    let states = numbers(3 * WIDTH, 3);
    for precision in [Precision::Single, Precision::Half, Precision::Byte] {
        let want = packed_table(&data, Isa::Portable, precision).top(&states, &[], 20);
        for isa in instruction_sets() {
            let packed = packed_table(&data, isa, precision);
            assert_eq!(packed.top(&states, &[], 20), want, "{isa:?}, {precision:?}");
            for (state, want) in states.chunks_exact(WIDTH).zip(&want) {
                assert_eq!(&packed.top(state, &[], 20)[0], want, "{isa:?}, {precision:?}, one state");
            }
        }
    }
}

#[test]
fn low_precision_finds_nearly_the_same_items_and_refinement_all_but_a_few() {
    let data = table(5000);
    let states = numbers(100 * WIDTH, 3);
    let head = HeadTable { rows: &data.0, bias: &data.1 };
    let exact = packed_table(&data, Isa::detected(), Precision::Single).top(&states, &[], 10);
    let recall = |got: &[Vec<Scored>]| {
        let found = got.iter().zip(&exact).map(|(got, want)| {
            want.iter().filter(|want| got.iter().any(|got| got.item == want.item)).count()
        });
        found.sum::<usize>() as f64 / 1000.0
    };
    let half = packed_table(&data, Isa::detected(), Precision::Half);
    assert!(recall(&half.top(&states, &[], 10)) > 0.995);
    let byte = packed_table(&data, Isa::detected(), Precision::Byte);
    assert!(recall(&byte.top(&states, &[], 10)) > 0.95);
    assert!(recall(&byte.top_refined(head, &states, &[], (20, 10))) > 0.999);
}

#[test]
fn draws_follow_the_softmax() {
    let data = table(150);
    let state: Vec<f32> = numbers(WIDTH, 3).iter().map(|x| 0.3 * x).collect();
    for isa in instruction_sets() {
        let mut packed = packed_table(&data, isa, Precision::Single);
        packed.withdraw(7);
        let mut logits: Vec<f32> = plain(&data, &state).iter().map(|z| 2.0 * (z / 2.0).tanh()).collect();
        (logits[7], logits[70], logits[149]) = (f32::NEG_INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY);
        let mut p = vec![0.0; 150];
        let mut finite = logits.clone();
        finite.iter_mut().filter(|z| z.is_infinite()).for_each(|z| *z = -200.0);
        let row = softmax_row(&finite, &mut p);
        let n_draws = 5000;
        let mut counts = [0u32; 150];
        for draw in 0..n_draws {
            let uniform = (f64::from(draw) + 0.5) / f64::from(n_draws);
            let (item, log_prob) = packed.draw(&state, &[149, 70], 2.0, uniform);
            assert!((log_prob - (logits[item as usize] - row.log_sum)).abs() < 1e-4);
            counts[item as usize] += 1;
        }
        // The uniform numbers form a grid, so each count is within about one of its expectation.
        for (count, p) in counts.iter().zip(&p) {
            assert!((f64::from(*count) - f64::from(*p) * f64::from(n_draws)).abs() < 1.6, "{isa:?}");
        }
    }
}

#[test]
fn half_precision_is_rounded_to_nearest() {
    for (value, bits) in [
        (1.0, 0x3C00),
        (-2.0, 0xC000),
        (65_504.0, 0x7BFF),
        (65_520.0, 0x7BFF),
        (-1e9, 0xFBFF),
        (0.0, 0),
        (6e-8, 1),
    ] {
        assert_eq!(half::from_single(value), bits, "{value}");
    }
    for bits in (0..=u16::MAX).filter(|bits| bits >> 10 & 31 != 31) {
        assert_eq!(half::from_single(half::to_single(bits)), bits);
    }
    assert_eq!(half::from_single(1.0 + 2f32.powi(-11)), 0x3C00, "a tie goes to even");
}
