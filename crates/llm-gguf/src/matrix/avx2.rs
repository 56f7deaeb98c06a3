//! One tile times one group of tokens with 256-bit integer products; equal bit by bit to the portable loops.
//!
//! There are sixteen registers, so eight rows are computed at a time. Products of bytes are summed in 16 bits, where two
//! pairs of codes of up to six bits fit (4 · 63 · 127) and one pair of eight bits (2 · 128 · 127). The instruction wants one
//! factor unsigned: signed codes give it their size and the activation their sign, |w| · (a · sign w). That holds because
//! activations are never below -127, whose negative is a byte.

#![expect(
    unsafe_code,
    reason = "the compiler does not find these instructions by itself, and they decide the speed"
)]

use std::arch::x86_64::{
    __m128i, __m256, __m256i, _mm_loadl_epi64, _mm_loadu_si128, _mm256_abs_epi8, _mm256_add_epi16,
    _mm256_add_epi32, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps,
    _mm256_cvtepu8_epi32, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_or_si256, _mm256_set1_epi8, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_set1_ps, _mm256_setr_epi64x, _mm256_setzero_ps,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_sign_epi8, _mm256_slli_epi32, _mm256_srli_epi16,
    _mm256_storeu_ps, _mm256_sub_ps, _mm256_xor_si256,
};

use super::LANES;
use super::packed::{code_bytes, scale_bytes, unit_bytes};
use super::packing::{Packing, by_type};
use super::portable::Group;
use super::quantisation::Quantisation;

/// Rows that are computed at a time.
const HALF: usize = LANES / 2;

/// Whether it was done: the machine has to have the instructions.
pub(super) fn tile_times_group(
    quantisation: Quantisation,
    tile: &[u8],
    group: Group<'_>,
    out: &mut [[f32; LANES]],
) -> bool {
    let here = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c");
    if !here {
        return false;
    }
    // SAFETY: the three features were found on this machine just now.
    unsafe { by_type!(quantisation, by_size(tile, group, out)) }
    true
}

#[target_feature(enable = "avx2,fma,f16c")]
fn by_size<P: Packing>(tile: &[u8], group: Group<'_>, out: &mut [[f32; LANES]]) {
    match out.len() {
        8 => tile_times::<P, 8>(tile, group, out),
        4 => tile_times::<P, 4>(tile, group, out),
        2 => tile_times::<P, 2>(tile, group, out),
        1 => tile_times::<P, 1>(tile, group, out),
        n => unreachable!("groups have 8, 4, 2 or 1 tokens, not {n}"),
    }
}

#[target_feature(enable = "avx2,fma,f16c")]
fn tile_times<P: Packing, const T: usize>(
    tile: &[u8],
    (codes, scales, negated_sums): Group<'_>,
    out: &mut [[f32; LANES]],
) {
    let scales = scales.as_chunks::<T>().0;
    let (sums, _) = negated_sums.as_chunks::<T>();
    let (quads, _) = codes.as_chunks::<4>();
    let mut totals = [[_mm256_setzero_ps(); T]; 2];
    let blocks_in_unit = P::TYPE.unit_len() / 32;
    let (unit_head, block_codes) = (unit_bytes(P::TYPE), code_bytes(P::TYPE));
    let block_bytes = block_codes + scale_bytes(P::TYPE);
    let units = tile.chunks_exact(unit_head + blocks_in_unit * block_bytes);
    let per_unit = scales.chunks_exact(blocks_in_unit).zip(sums.chunks_exact(blocks_in_unit * 2));
    let per_unit = per_unit.zip(quads.chunks_exact(blocks_in_unit * 8 * T));
    for (unit, ((scales, sums), quads)) in units.zip(per_unit) {
        let (head, blocks) = unit.split_at(unit_head);
        let blocks = blocks.chunks_exact(block_bytes).zip(scales).zip(sums.as_chunks::<2>().0);
        for (((block, scales), sums), quads) in blocks.zip(quads.chunks_exact(8 * T)) {
            let (code_part, scale_part) = block.split_at(block_codes);
            for (half, totals) in totals.iter_mut().enumerate() {
                let parts = (code_part, scale_part, head);
                block_times::<P, T>(parts, half, (quads, scales, sums), totals);
            }
        }
    }
    for (token, out) in out.iter_mut().enumerate() {
        for (rows, total) in out.chunks_exact_mut(HALF).zip([totals[0][token], totals[1][token]]) {
            // SAFETY: `rows` is eight floats.
            unsafe { _mm256_storeu_ps(rows.as_mut_ptr(), total) };
        }
    }
}

type BlockOf<'a, const T: usize> = (&'a [[i8; 4]], &'a [f32; T], &'a [[i32; T]; 2]);

/// Eight rows of one block.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn block_times<P: Packing, const T: usize>(
    (code_part, scale_part, head): (&[u8], &[u8], &[u8]),
    half: usize,
    (quads, scales, negated_sums): BlockOf<'_, T>,
    totals: &mut [__m256; T],
) {
    let is_six = matches!(P::TYPE, Quantisation::Q6K);
    let ones = _mm256_set1_epi16(1);
    for part in 0..(if is_six { 2 } else { 1 }) {
        let mut sums = [_mm256_setzero_si256(); T];
        for (token, sum) in sums.iter_mut().enumerate() {
            let negated = if is_six {
                negated_sums[part][token]
            } else {
                negated_sums[0][token] + negated_sums[1][token]
            };
            *sum = start::<P>(negated);
        }
        let pairs = if is_six { part * 2..part * 2 + 2 } else { 0..4 };
        for pair in pairs {
            let (first, second) = unpack_pair::<P>(code_part, pair, half);
            let (of_first, of_second) = (&quads[pair * 2 * T..][..T], &quads[(pair * 2 + 1) * T..][..T]);
            if P::TYPE.bits() == 8 {
                let (first_size, second_size) = (_mm256_abs_epi8(first), _mm256_abs_epi8(second));
                for token in 0..T {
                    let signed = _mm256_sign_epi8(four(of_first[token]), first);
                    let now = _mm256_madd_epi16(_mm256_maddubs_epi16(first_size, signed), ones);
                    sums[token] = _mm256_add_epi32(sums[token], now);
                    let signed = _mm256_sign_epi8(four(of_second[token]), second);
                    let now = _mm256_madd_epi16(_mm256_maddubs_epi16(second_size, signed), ones);
                    sums[token] = _mm256_add_epi32(sums[token], now);
                }
            } else {
                for token in 0..T {
                    let now = _mm256_add_epi16(
                        _mm256_maddubs_epi16(first, four(of_first[token])),
                        _mm256_maddubs_epi16(second, four(of_second[token])),
                    );
                    sums[token] = _mm256_add_epi32(sums[token], _mm256_madd_epi16(now, ones));
                }
            }
        }
        let (row_scales, row_minima) = row_scales::<P>(scale_part, head, part, half);
        for token in 0..T {
            let factor = _mm256_mul_ps(row_scales, _mm256_set1_ps(scales[token]));
            totals[token] = _mm256_fmadd_ps(factor, _mm256_cvtepi32_ps(sums[token]), totals[token]);
            if P::TYPE.is_affine() {
                let negated = (negated_sums[0][token] + negated_sums[1][token]) as f32 * scales[token];
                totals[token] = _mm256_fmadd_ps(row_minima, _mm256_set1_ps(negated), totals[token]);
            }
        }
    }
}

/// Four codes of a token, for every row.
#[inline]
#[target_feature(enable = "avx2")]
fn four(codes: [i8; 4]) -> __m256i {
    _mm256_set1_epi32(i32::from_le_bytes(codes.map(|code| code as u8)))
}

/// The negated sum times the offset of the type; nothing for codes of eight bits, which are made signed instead.
#[inline]
#[target_feature(enable = "avx2")]
fn start<P: Packing>(negated_sum: i32) -> __m256i {
    let offset = if P::TYPE.bits() == 8 { 0 } else { P::TYPE.offset() };
    _mm256_set1_epi32(negated_sum * offset)
}

/// The codes of eight rows in groups `2 * pair` and `2 * pair + 1`.
#[inline]
#[target_feature(enable = "avx2")]
fn unpack_pair<P: Packing>(bytes: &[u8], pair: usize, half: usize) -> (__m256i, __m256i) {
    let at = half * 32;
    if P::TYPE.bits() == 8 {
        let sign = _mm256_set1_epi8(i8::MIN);
        let signed = |start: usize| _mm256_xor_si256(load256(&bytes[start..]), sign);
        return (signed(pair * 128 + at), signed(pair * 128 + 64 + at));
    }
    let both = load256(&bytes[pair * 64 + at..]);
    let nibble = _mm256_set1_epi8(15);
    let low = _mm256_and_si256(both, nibble);
    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(both), nibble);
    match P::TYPE.bits() {
        5 => {
            let masks = &bytes[256 + pair * 16 + half * 4..];
            (with_fifth(low, masks), with_fifth(high, &masks[8..]))
        }
        6 => {
            let upper = load256(&bytes[256 + pair / 2 * 64 + at..]);
            let mask = _mm256_set1_epi8(0x30);
            let (first, second) = if pair.is_multiple_of(2) {
                (_mm256_slli_epi32::<4>(upper), _mm256_slli_epi32::<2>(upper))
            } else {
                (upper, _mm256_srli_epi16::<2>(upper))
            };
            (
                _mm256_or_si256(low, _mm256_and_si256(first, mask)),
                _mm256_or_si256(high, _mm256_and_si256(second, mask)),
            )
        }
        _ => (low, high),
    }
}

/// Sets the fifth bit of each code whose bit is set in the first 32 of `mask`.
#[inline]
#[target_feature(enable = "avx2")]
fn with_fifth(codes: __m256i, mask: &[u8]) -> __m256i {
    let bits = mask.first_chunk::<4>().map_or(0, |bytes| i32::from_le_bytes(*bytes));
    // Every byte is given the byte of the mask that its bit lies in.
    const BYTE: i64 = 0x0101_0101_0101_0101;
    let spread = _mm256_setr_epi64x(0, BYTE, 2 * BYTE, 3 * BYTE);
    let own = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
    let spread = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(bits), spread), own);
    _mm256_or_si256(codes, _mm256_and_si256(_mm256_cmpeq_epi8(spread, own), _mm256_set1_epi8(16)))
}

/// Scales and minima of eight rows.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn row_scales<P: Packing>(bytes: &[u8], head: &[u8], part: usize, half: usize) -> (__m256, __m256) {
    let zero = _mm256_setzero_ps();
    match (P::TYPE.has_super_scales(), P::TYPE.is_affine()) {
        (false, false) => (halves(bytes, half), zero),
        (false, true) => (halves(bytes, half), _mm256_sub_ps(zero, halves(&bytes[2 * LANES..], half))),
        (true, false) => {
            let own = eight_bytes(&bytes[part * LANES + half * HALF..]);
            let scales = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(own));
            (_mm256_mul_ps(halves(head, half), scales), zero)
        }
        (true, true) => {
            let scales = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight_bytes(&bytes[half * HALF..])));
            let minima = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight_bytes(&bytes[LANES + half * HALF..])));
            (
                _mm256_mul_ps(halves(head, half), scales),
                _mm256_mul_ps(halves(&head[2 * LANES..], half), minima),
            )
        }
    }
}

/// The binary16 numbers of eight rows.
#[inline]
#[target_feature(enable = "f16c")]
fn halves(bytes: &[u8], half: usize) -> __m256 {
    let run = bytes[half * 2 * HALF..].first_chunk::<16>().expect("a block holds sixteen scales");
    // SAFETY: 16 bytes are there, and the load needs no alignment.
    _mm256_cvtph_ps(unsafe { _mm_loadu_si128(run.as_ptr().cast()) })
}

#[inline]
#[target_feature(enable = "avx2")]
fn load256(bytes: &[u8]) -> __m256i {
    let run = bytes.first_chunk::<32>().expect("a block holds whole groups");
    // SAFETY: 32 bytes are there, and the load needs no alignment.
    unsafe { _mm256_loadu_si256(run.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn eight_bytes(bytes: &[u8]) -> __m128i {
    let run = bytes.first_chunk::<8>().expect("a block holds sixteen scales");
    // SAFETY: 8 bytes are there, and the load needs no alignment.
    unsafe { _mm_loadl_epi64(run.as_ptr().cast()) }
}
