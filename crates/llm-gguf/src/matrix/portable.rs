//! One tile times one group of tokens, in plain loops: what runs where no faster way exists, and the oracle of it.

use multiversion::multiversion;

use super::LANES;
use super::float16::from_half;
use super::packed::{BLOCK, code_bytes, scale_bytes, unit_bytes};
use super::quantisation::Quantisation;

/// A group's codes, scales and negated sums, as [`super::Activations`] keeps them.
pub(super) type Group<'a> = (&'a [i8], &'a [f32], &'a [i32]);

/// `out[token][lane]` = row `lane` of the tile times the token.
#[multiversion(targets("x86_64+avx512f+avx512bw", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn tile_times_group(
    quantisation: Quantisation,
    tile: &[u8],
    (codes, scales, negated_sums): Group<'_>,
    out: &mut [[f32; LANES]],
) {
    let t = out.len();
    out.fill([0.0; LANES]);
    let (mut rest, mut outer) = (tile, [[0.0; LANES]; 2]);
    for block in 0..scales.len() / t {
        if (block * BLOCK).is_multiple_of(quantisation.unit_len()) {
            let head;
            (head, rest) = rest.split_at(unit_bytes(quantisation));
            outer = [halves(head, 0), halves(head, 1)];
        }
        let (code_part, tail) = rest.split_at(code_bytes(quantisation));
        let (scale_part, tail) = tail.split_at(scale_bytes(quantisation));
        rest = tail;
        let groups = unpack(quantisation.bits(), code_part);
        let n_parts = if quantisation == Quantisation::Q6K { 2 } else { 1 };
        for part in 0..n_parts {
            let (row_scales, row_minima) = row_scales(quantisation, scale_part, &outer, part);
            for token in 0..t {
                let mut sums = [0i32; LANES];
                for group in part * 4..(if n_parts == 2 { part * 4 + 4 } else { 8 }) {
                    let four = &codes[((block * 8 + group) * t + token) * 4..][..4];
                    for lane in 0..LANES {
                        for i in 0..4 {
                            sums[lane] += i32::from(groups[group][lane * 4 + i]) * i32::from(four[i]);
                        }
                    }
                }
                let halves = [negated_sums[block * 2 * t + token], negated_sums[(block * 2 + 1) * t + token]];
                let negated = if n_parts == 2 { halves[part] } else { halves[0] + halves[1] };
                let scale = scales[block * t + token];
                for lane in 0..LANES {
                    let sum = (sums[lane] + quantisation.offset() * negated) as f32;
                    out[token][lane] = (row_scales[lane] * scale).mul_add(sum, out[token][lane]);
                    if quantisation.is_affine() {
                        out[token][lane] = row_minima[lane].mul_add(negated as f32 * scale, out[token][lane]);
                    }
                }
            }
        }
    }
}

/// Scales of the rows and what the negated sum is multiplied with.
#[inline(always)]
fn row_scales(
    quantisation: Quantisation,
    bytes: &[u8],
    outer: &[[f32; LANES]; 2],
    part: usize,
) -> ([f32; LANES], [f32; LANES]) {
    let byte = |at: usize, lane: usize| bytes[at * LANES + lane];
    match (quantisation.has_super_scales(), quantisation.is_affine()) {
        (false, false) => (halves(bytes, 0), [0.0; LANES]),
        (false, true) => (halves(bytes, 0), halves(bytes, 1).map(|minimum| -minimum)),
        (true, false) => {
            (std::array::from_fn(|lane| outer[0][lane] * f32::from(byte(part, lane) as i8)), [0.0; LANES])
        }
        (true, true) => (
            std::array::from_fn(|lane| outer[0][lane] * f32::from(byte(0, lane))),
            std::array::from_fn(|lane| outer[1][lane] * f32::from(byte(1, lane))),
        ),
    }
}

/// The `at`-th run of sixteen binary16 numbers; zeros if it is not there.
#[inline(always)]
fn halves(bytes: &[u8], at: usize) -> [f32; LANES] {
    let run = bytes.get(at * 2 * LANES..(at + 1) * 2 * LANES);
    let pair = |run: &[u8], lane: usize| from_half(u16::from_le_bytes([run[lane * 2], run[lane * 2 + 1]]));
    run.map_or([0.0; LANES], |run| std::array::from_fn(|lane| pair(run, lane)))
}

#[inline(always)]
fn unpack(bits: usize, bytes: &[u8]) -> [[u8; 64]; 8] {
    let mut groups = [[0u8; 64]; 8];
    for (group, codes) in groups.iter_mut().enumerate() {
        for (place, code) in codes.iter_mut().enumerate() {
            *code = match bits {
                8 => bytes[group * 64 + place],
                _ => bytes[group / 2 * 64 + place] >> (group % 2 * 4) & 15,
            };
            if bits == 5 {
                *code |= (bytes[256 + group * 8 + place / 8] >> (place % 8) & 1) << 4;
            }
            if bits == 6 {
                *code |= (bytes[256 + group / 4 * 64 + place] >> (group % 4 * 2) & 3) << 4;
            }
        }
    }
    groups
}
