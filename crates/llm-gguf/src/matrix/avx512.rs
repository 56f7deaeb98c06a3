//! One tile times one group of tokens with 512-bit integer dot products; equal bit by bit to the portable loops.

#![expect(
    unsafe_code,
    reason = "the compiler does not find these instructions by itself, and they decide the speed"
)]

use std::arch::x86_64::{
    __m128i, __m256i, __m512, __m512i, _mm_loadu_si128, _mm256_loadu_si256, _mm512_and_si512,
    _mm512_cvtepi8_epi32, _mm512_cvtepi32_ps, _mm512_cvtepu8_epi32, _mm512_cvtph_ps, _mm512_dpbusd_epi32,
    _mm512_fmadd_ps, _mm512_loadu_si512, _mm512_mask_add_epi8, _mm512_mul_ps, _mm512_or_si512,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_setzero_si512,
    _mm512_slli_epi32, _mm512_srli_epi16, _mm512_storeu_ps, _mm512_sub_ps,
};

use super::LANES;
use super::packed::{code_bytes, scale_bytes, unit_bytes};
use super::packing::{Packing, by_type};
use super::portable::Group;
use super::quantisation::Quantisation;

/// Whether it was done: the machine has to have the instructions.
pub(super) fn tile_times_group(
    quantisation: Quantisation,
    tile: &[u8],
    group: Group<'_>,
    out: &mut [[f32; LANES]],
) -> bool {
    let here = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vnni");
    if !here {
        return false;
    }
    // SAFETY: the three features were found on this machine just now.
    unsafe { by_type!(quantisation, by_size(tile, group, out)) }
    true
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn by_size<P: Packing>(tile: &[u8], group: Group<'_>, out: &mut [[f32; LANES]]) {
    match out.len() {
        8 => tile_times::<P, 8>(tile, group, out),
        4 => tile_times::<P, 4>(tile, group, out),
        2 => tile_times::<P, 2>(tile, group, out),
        1 => tile_times::<P, 1>(tile, group, out),
        n => unreachable!("groups have 8, 4, 2 or 1 tokens, not {n}"),
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn tile_times<P: Packing, const T: usize>(
    tile: &[u8],
    (codes, scales, negated_sums): Group<'_>,
    out: &mut [[f32; LANES]],
) {
    let scales = scales.as_chunks::<T>().0;
    let (sums, _) = negated_sums.as_chunks::<T>();
    let (quads, _) = codes.as_chunks::<4>();
    let mut totals = [_mm512_setzero_ps(); T];
    let blocks_in_unit = P::TYPE.unit_len() / 32;
    let (unit_head, block_codes) = (unit_bytes(P::TYPE), code_bytes(P::TYPE));
    let block_bytes = block_codes + scale_bytes(P::TYPE);
    let units = tile.chunks_exact(unit_head + blocks_in_unit * block_bytes);
    let per_unit = scales.chunks_exact(blocks_in_unit).zip(sums.chunks_exact(blocks_in_unit * 2));
    let per_unit = per_unit.zip(quads.chunks_exact(blocks_in_unit * 8 * T));
    for (unit, ((scales, sums), quads)) in units.zip(per_unit) {
        let (head, blocks) = unit.split_at(unit_head);
        let outer = (halves_or_zero(head, 0), halves_or_zero(head, 1));
        let blocks = blocks.chunks_exact(block_bytes).zip(scales).zip(sums.as_chunks::<2>().0);
        for (((block, scales), sums), quads) in blocks.zip(quads.chunks_exact(8 * T)) {
            let (code_part, scale_part) = block.split_at(block_codes);
            block_times::<P, T>((code_part, scale_part), outer, (quads, scales, sums), &mut totals);
        }
    }
    for (out, total) in out.iter_mut().zip(totals) {
        // SAFETY: `out` is sixteen floats.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), total) };
    }
}

type BlockOf<'a, const T: usize> = (&'a [[i8; 4]], &'a [f32; T], &'a [[i32; T]; 2]);

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn block_times<P: Packing, const T: usize>(
    (code_part, scale_part): (&[u8], &[u8]),
    outer: (__m512, __m512),
    (quads, scales, negated_sums): BlockOf<'_, T>,
    totals: &mut [__m512; T],
) {
    let is_six = matches!(P::TYPE, Quantisation::Q6K);
    let mut sums = [_mm512_setzero_si512(); T];
    for part in 0..(if is_six { 2 } else { 1 }) {
        let shift_start = |token: usize| match (is_six, P::TYPE.is_affine()) {
            (_, true) => _mm512_setzero_si512(),
            (true, _) => shifted::<P>(negated_sums[part][token]),
            (false, _) => shifted::<P>(negated_sums[0][token] + negated_sums[1][token]),
        };
        for (token, sum) in sums.iter_mut().enumerate() {
            *sum = shift_start(token);
        }
        let pairs = if is_six { part * 2..part * 2 + 2 } else { 0..4 };
        for pair in pairs {
            let (first, second) = unpack_pair::<P>(code_part, pair);
            for token in 0..T {
                let four =
                    _mm512_set1_epi32(i32::from_le_bytes(quads[pair * 2 * T + token].map(|c| c as u8)));
                sums[token] = _mm512_dpbusd_epi32(sums[token], first, four);
            }
            for token in 0..T {
                let four =
                    _mm512_set1_epi32(i32::from_le_bytes(quads[(pair * 2 + 1) * T + token].map(|c| c as u8)));
                sums[token] = _mm512_dpbusd_epi32(sums[token], second, four);
            }
        }
        let (row_scales, row_minima) = row_scales::<P>(scale_part, outer, part);
        for token in 0..T {
            let factor = _mm512_mul_ps(row_scales, _mm512_set1_ps(scales[token]));
            totals[token] = _mm512_fmadd_ps(factor, _mm512_cvtepi32_ps(sums[token]), totals[token]);
            if P::TYPE.is_affine() {
                let negated = (negated_sums[0][token] + negated_sums[1][token]) as f32 * scales[token];
                totals[token] = _mm512_fmadd_ps(row_minima, _mm512_set1_ps(negated), totals[token]);
            }
        }
    }
}

/// The negated sum times the offset of the type, which is a power of two.
#[inline]
#[target_feature(enable = "avx512f")]
fn shifted<P: Packing>(negated_sum: i32) -> __m512i {
    let sum = _mm512_set1_epi32(negated_sum);
    match P::TYPE.bits() {
        4 => _mm512_slli_epi32::<3>(sum),
        5 => _mm512_slli_epi32::<4>(sum),
        6 => _mm512_slli_epi32::<5>(sum),
        _ => _mm512_slli_epi32::<7>(sum),
    }
}

/// The codes of groups `2 * pair` and `2 * pair + 1`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn unpack_pair<P: Packing>(bytes: &[u8], pair: usize) -> (__m512i, __m512i) {
    if P::TYPE.bits() == 8 {
        return (load512(&bytes[pair * 128..]), load512(&bytes[pair * 128 + 64..]));
    }
    let both = load512(&bytes[pair * 64..]);
    let nibble = _mm512_set1_epi8(15);
    let low = _mm512_and_si512(both, nibble);
    let high = _mm512_and_si512(_mm512_srli_epi16::<4>(both), nibble);
    match P::TYPE.bits() {
        5 => (with_fifth(low, &bytes[256 + pair * 16..]), with_fifth(high, &bytes[264 + pair * 16..])),
        6 => {
            let upper = load512(&bytes[256 + pair / 2 * 64..]);
            let mask = _mm512_set1_epi8(0x30);
            let (first, second) = if pair.is_multiple_of(2) {
                (_mm512_slli_epi32::<4>(upper), _mm512_slli_epi32::<2>(upper))
            } else {
                (upper, _mm512_srli_epi16::<2>(upper))
            };
            (
                _mm512_or_si512(low, _mm512_and_si512(first, mask)),
                _mm512_or_si512(high, _mm512_and_si512(second, mask)),
            )
        }
        _ => (low, high),
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn with_fifth(codes: __m512i, mask: &[u8]) -> __m512i {
    let bits = mask.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    _mm512_mask_add_epi8(codes, bits, codes, _mm512_set1_epi8(16))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn row_scales<P: Packing>(bytes: &[u8], outer: (__m512, __m512), part: usize) -> (__m512, __m512) {
    match (P::TYPE.has_super_scales(), P::TYPE.is_affine()) {
        (false, false) => (halves(bytes), _mm512_setzero_ps()),
        (false, true) => (halves(bytes), _mm512_sub_ps(_mm512_setzero_ps(), halves(&bytes[2 * LANES..]))),
        (true, false) => {
            let scales = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(load128(&bytes[part * LANES..])));
            (_mm512_mul_ps(outer.0, scales), _mm512_setzero_ps())
        }
        (true, true) => (
            _mm512_mul_ps(outer.0, _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(load128(bytes)))),
            _mm512_mul_ps(outer.1, _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(load128(&bytes[LANES..])))),
        ),
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn halves_or_zero(bytes: &[u8], at: usize) -> __m512 {
    bytes.get(at * 2 * LANES..).filter(|run| !run.is_empty()).map_or(_mm512_setzero_ps(), |run| halves(run))
}

/// The first sixteen binary16 numbers.
#[inline]
#[target_feature(enable = "avx512f")]
fn halves(bytes: &[u8]) -> __m512 {
    let run = bytes.first_chunk::<32>().expect("a block holds sixteen scales");
    // SAFETY: 32 bytes are there, and the load needs no alignment.
    _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(run.as_ptr().cast::<__m256i>()) })
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load512(bytes: &[u8]) -> __m512i {
    let run = bytes.first_chunk::<64>().expect("a block holds whole groups");
    // SAFETY: 64 bytes are there, and the load needs no alignment.
    unsafe { _mm512_loadu_si512(run.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load128(bytes: &[u8]) -> __m128i {
    let run = bytes.first_chunk::<16>().expect("a block holds sixteen scales");
    // SAFETY: 16 bytes are there, and the load needs no alignment.
    unsafe { _mm_loadu_si128(run.as_ptr().cast()) }
}
