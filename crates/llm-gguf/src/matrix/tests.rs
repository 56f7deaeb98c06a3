//! Products against dequantised weights, and the fast loops against the plain ones.

use super::activations::groups;
use super::float16::{from_half, to_half};
use super::*;
use rand::{Rng as _, RngExt as _};

const TYPES: [(Quantisation, usize); 8] = [
    (Quantisation::Q4_0, 18),
    (Quantisation::Q4_1, 20),
    (Quantisation::Q5_0, 22),
    (Quantisation::Q5_1, 24),
    (Quantisation::Q8_0, 34),
    (Quantisation::Q4K, 144),
    (Quantisation::Q5K, 176),
    (Quantisation::Q6K, 210),
];

type Fast = fn(Quantisation, &[u8], portable::Group<'_>, &mut [[f32; LANES]]) -> bool;

/// The loops that a machine may have.
#[cfg(target_arch = "x86_64")]
const FAST: [(&str, Fast); 2] = [("AVX-512", avx512::tile_times_group), ("AVX2", avx2::tile_times_group)];
#[cfg(not(target_arch = "x86_64"))]
const FAST: [(&str, Fast); 0] = [];

/// Random bytes whose binary16 scales are moderate; in some units all codes are extreme.
fn random_rows(quantisation: Quantisation, unit_bytes: usize, n_columns: usize, n_rows: usize) -> Vec<u8> {
    let mut rng = mdp::rng_for(7, &[unit_bytes as u64]);
    let n_units = n_columns / quantisation.unit_len() * n_rows;
    let mut bytes = vec![0u8; n_units * unit_bytes];
    rng.fill_bytes(&mut bytes);
    for (place, unit) in bytes.chunks_exact_mut(unit_bytes).enumerate() {
        match place % 7 {
            0 => unit.fill(0xff),
            // The least and the largest code of eight bits; elsewhere two others.
            1 => unit.fill(0x80),
            2 => unit.fill(0x7f),
            _ => (),
        }
        let at: &[usize] = match quantisation {
            Quantisation::Q6K => &[208],
            _ if quantisation.is_affine() => &[0, 2],
            _ => &[0],
        };
        for &at in at {
            let half = to_half(rng.random_range(-0.02f32..0.02));
            unit[at..at + 2].copy_from_slice(&half.to_le_bytes());
        }
    }
    bytes
}

fn random_activations(n_tokens: usize, n_columns: usize) -> Vec<f32> {
    let mut rng = mdp::rng_for(8, &[]);
    let mut values: Vec<f32> = (0..n_tokens * n_columns).map(|_| rng.random_range(-1.0f32..1.0)).collect();
    // The largest and the least codes.
    values.chunks_exact_mut(n_columns).zip([1.0, -1.0]).for_each(|(token, value)| token.fill(value));
    values
}

fn quantise(values: &[f32], n_columns: usize) -> Activations {
    Activations::quantise(values.len() / n_columns, n_columns, |token, row| {
        row.copy_from_slice(&values[token * n_columns..][..n_columns]);
    })
}

#[test]
fn products_are_near_those_of_the_dequantised_weights() {
    let (n_columns, n_rows, n_tokens) = (512, 40, 15);
    let values = random_activations(n_tokens, n_columns);
    let activations = quantise(&values, n_columns);
    for (quantisation, unit_bytes) in TYPES {
        let bytes = random_rows(quantisation, unit_bytes, n_columns, n_rows);
        let matrix = Matrix::pack(quantisation, n_columns, n_rows, &bytes).unwrap();
        let [panels] = products([&matrix], &activations);
        let row_bytes = quantisation.row_bytes(n_columns).unwrap();
        for (row, bytes) in bytes.chunks_exact(row_bytes).enumerate() {
            let weights = quantisation.floats(bytes);
            for token in 0..n_tokens {
                let tokens = &values[token * n_columns..][..n_columns];
                let expected: f32 = weights.iter().zip(tokens).map(|(w, a)| w * a).sum();
                let size: f32 = weights.iter().map(|w| w * w).sum::<f32>().sqrt();
                let found = panels.piece(row / LANES, token)[row % LANES];
                assert!((found - expected).abs() < 0.02 * size, "{quantisation:?} {found} {expected} {size}");
            }
        }
    }
}

#[test]
fn the_fast_loops_equal_the_plain_ones_bit_by_bit() {
    let (n_columns, n_rows, n_tokens) = (512, 32, 15);
    let activations = quantise(&random_activations(n_tokens, n_columns), n_columns);
    for (quantisation, unit_bytes) in TYPES {
        let bytes = random_rows(quantisation, unit_bytes, n_columns, n_rows);
        let matrix = Matrix::pack(quantisation, n_columns, n_rows, &bytes).unwrap();
        for tile in 0..matrix.n_tiles() {
            for (first, t) in groups(n_tokens) {
                let mut plain = vec![[0.0; LANES]; t];
                let group = activations.group(first, t);
                portable::tile_times_group(quantisation, matrix.tile(tile), group, &mut plain);
                for (name, fast) in FAST {
                    let mut found = vec![[0.0; LANES]; t];
                    if fast(quantisation, matrix.tile(tile), group, &mut found) {
                        assert_eq!(plain, found, "{name}, {quantisation:?}, group of {t}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_token_does_not_depend_on_its_neighbours() {
    let n_columns = 256;
    let values = random_activations(11, n_columns);
    let bytes = random_rows(Quantisation::Q4K, 144, n_columns, 16);
    let matrix = Matrix::pack(Quantisation::Q4K, n_columns, 16, &bytes).unwrap();
    let [together] = products([&matrix], &quantise(&values, n_columns));
    for (token, values) in values.chunks_exact(n_columns).enumerate() {
        let [alone] = products([&matrix], &quantise(values, n_columns));
        assert_eq!(alone.piece(0, 0), together.piece(0, token));
    }
}

#[test]
fn floats_are_rounded_to_eight_bits() {
    let values: Vec<f32> = random_activations(3, 64);
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let matrix = Matrix::pack(Quantisation::F32, 64, 3, &bytes).unwrap();
    let [panels] = products([&matrix], &quantise(&values, 64));
    for row in 0..3 {
        let expected: f32 = values[row * 64..][..64].iter().map(|value| value * value).sum();
        assert!((panels.piece(0, row)[row] / expected - 1.0).abs() < 0.01);
    }
}

#[test]
fn selected_tiles_are_the_same_numbers() {
    let bytes = random_rows(Quantisation::Q8_0, 34, 64, 64);
    let matrix = Matrix::pack(Quantisation::Q8_0, 64, 64, &bytes).unwrap();
    let activations = quantise(&random_activations(2, 64), 64);
    let [all] = products([&matrix], &activations);
    let some = products_of_tiles(&matrix, &[3, 1], &activations);
    assert_eq!((some.piece(0, 1), some.piece(1, 0)), (all.piece(3, 1), all.piece(1, 0)));
}

#[test]
fn halves_come_back() {
    for bits in (0..0x7c00).chain(0x8000..0xfc00) {
        assert_eq!(to_half(from_half(bits)), bits);
    }
    assert!(from_half(0x7c00).is_infinite() && from_half(0x7e00).is_nan());
    assert_eq!((from_half(0x3c00), from_half(0xc000), from_half(1)), (1.0, -2.0, 2f32.powi(-24)));
}

#[test]
fn rows_of_odd_length_are_refused() {
    assert!(Matrix::pack(Quantisation::Q4K, 288, 1, &[0; 162]).is_err());
    assert!(Matrix::pack(Quantisation::F32, 33, 1, &[0; 132]).is_err());
    assert!(Matrix::pack(Quantisation::Q8_0, 32, 2, &[0; 34]).is_err());
}

#[test]
fn a_scale_that_is_no_number_makes_a_tensor_unsound() {
    let mut rng = mdp::rng_for(9, &[]);
    for (quantisation, unit_bytes) in TYPES {
        let whole = random_rows(quantisation, unit_bytes, 1024, 40);
        assert!(quantisation.is_sound(&whole), "{quantisation:?}");
        let scale = if quantisation == Quantisation::Q6K { 208 } else { 0 };
        let places = if quantisation.is_affine() { vec![scale, 2] } else { vec![scale] };
        for place in places {
            for bad in [0x7c00_u16, 0xfc00, 0x7e01] {
                let mut bytes = whole.clone();
                let unit = rng.random_range(0..bytes.len() / unit_bytes) * unit_bytes;
                bytes[unit + place..unit + place + 2].copy_from_slice(&bad.to_le_bytes());
                assert!(!quantisation.is_sound(&bytes), "{quantisation:?} {bad:x}");
            }
        }
    }
    for (quantisation, bad) in
        [(Quantisation::F16, 0x7c00_u16), (Quantisation::Bf16, 0x7f80), (Quantisation::Bf16, 0x7f00)]
    {
        let mut bytes = vec![0; 1 << 17];
        assert!(quantisation.is_sound(&bytes));
        bytes[70_002..70_004].copy_from_slice(&bad.to_le_bytes());
        assert!(!quantisation.is_sound(&bytes), "{quantisation:?} {bad:x}");
    }
}
