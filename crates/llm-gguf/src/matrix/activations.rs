//! Activations as products read them: eight-bit codes with one scale per block, several tokens side by side.

use multiversion::multiversion;
use rayon::prelude::*;

use super::packed::BLOCK;

/// Tokens that one pass over a tile serves.
pub(super) const GROUP: usize = 8;

/// Quantised activations of some tokens. Tokens lie in groups of 8, the last ones in groups of 4, 2 and 1.
///
/// # Shapes
/// Of a group of `t` tokens: codes `[columns / 4, t, 4]`, scales `[blocks, t]`, negated sums of the codes of each half
/// block `[blocks, 2, t]`.
#[derive(Debug)]
pub(crate) struct Activations {
    pub(super) n_columns: usize,
    pub(super) codes: Vec<i8>,
    pub(super) scales: Vec<f32>,
    pub(super) negated_sums: Vec<i32>,
    n_tokens: usize,
}

impl Activations {
    /// Quantises `n_tokens` rows; `fill(token, row)` writes one of them.
    pub(crate) fn quantise(
        n_tokens: usize,
        n_columns: usize,
        fill: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Self {
        assert!(n_columns.is_multiple_of(BLOCK), "whole blocks");
        let n_blocks = n_columns / BLOCK;
        let mut all = Self {
            n_columns,
            codes: vec![0; n_tokens * n_columns],
            scales: vec![0.0; n_tokens * n_blocks],
            negated_sums: vec![0; n_tokens * n_blocks * 2],
            n_tokens,
        };
        let n_whole = n_tokens / GROUP * GROUP;
        let (codes, codes_rest) = all.codes.split_at_mut(n_whole * n_columns);
        let (scales, scales_rest) = all.scales.split_at_mut(n_whole * n_blocks);
        let (sums, sums_rest) = all.negated_sums.split_at_mut(n_whole * n_blocks * 2);
        let whole = codes
            .par_chunks_mut(GROUP * n_columns)
            .zip(scales.par_chunks_mut(GROUP * n_blocks))
            .zip(sums.par_chunks_mut(GROUP * n_blocks * 2));
        whole.enumerate().for_each(|(group, ((codes, scales), sums))| {
            fill_group(group * GROUP, GROUP, n_columns, &fill, (codes, scales, sums));
        });
        let (mut codes, mut scales, mut sums) = (codes_rest, scales_rest, sums_rest);
        for (first, t) in groups(n_tokens).filter(|&(_, t)| t < GROUP) {
            let (c, s, n) = (t * n_columns, t * n_blocks, t * n_blocks * 2);
            fill_group(first, t, n_columns, &fill, (&mut codes[..c], &mut scales[..s], &mut sums[..n]));
            (codes, scales, sums) = (&mut codes[c..], &mut scales[s..], &mut sums[n..]);
        }
        all
    }

    pub(crate) fn n_tokens(&self) -> usize {
        self.n_tokens
    }

    /// One token alone.
    pub(crate) fn only(&self, token: usize) -> Self {
        let (first, t) =
            groups(self.n_tokens).find(|&(first, t)| token < first + t).expect("a token that is there");
        let (codes, scales, sums) = self.group(first, t);
        let place = token - first;
        Self {
            n_columns: self.n_columns,
            codes: codes.as_chunks::<4>().0.iter().skip(place).step_by(t).flatten().copied().collect(),
            scales: scales.iter().skip(place).step_by(t).copied().collect(),
            negated_sums: sums.iter().skip(place).step_by(t).copied().collect(),
            n_tokens: 1,
        }
    }

    /// The group of `t` tokens that starts at `first`.
    pub(super) fn group(&self, first: usize, t: usize) -> (&[i8], &[f32], &[i32]) {
        let n_blocks = self.n_columns / BLOCK;
        (
            &self.codes[first * self.n_columns..][..t * self.n_columns],
            &self.scales[first * n_blocks..][..t * n_blocks],
            &self.negated_sums[first * n_blocks * 2..][..t * n_blocks * 2],
        )
    }
}

/// First token and size of each group.
pub(super) fn groups(n_tokens: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut first = 0;
    std::iter::from_fn(move || {
        let left = n_tokens - first;
        let t = [8, 4, 2, 1].into_iter().find(|&t| t <= left)?;
        first += t;
        Some((first - t, t))
    })
}

type Parts<'a> = (&'a mut [i8], &'a mut [f32], &'a mut [i32]);

fn fill_group(
    first: usize,
    t: usize,
    n_columns: usize,
    fill: &(impl Fn(usize, &mut [f32]) + Sync),
    (codes, scales, sums): Parts<'_>,
) {
    let mut row = vec![0.0; n_columns];
    for token in 0..t {
        fill(first + token, &mut row);
        for (block, values) in row.as_chunks::<BLOCK>().0.iter().enumerate() {
            let mut rounded = [0i8; BLOCK];
            scales[block * t + token] = round(values, &mut rounded);
            for (quad, four) in rounded.as_chunks::<4>().0.iter().enumerate() {
                codes[((block * 8 + quad) * t + token) * 4..][..4].copy_from_slice(four);
            }
            for (half, values) in rounded.as_chunks::<16>().0.iter().enumerate() {
                sums[(block * 2 + half) * t + token] =
                    -values.iter().map(|&code| i32::from(code)).sum::<i32>();
            }
        }
    }
}

/// Rounds one block to -127..=127 and returns the scale; a block that is not finite becomes 0.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma", "aarch64+neon"))]
fn round(values: &[f32; BLOCK], codes: &mut [i8; BLOCK]) -> f32 {
    let mut largest = 0.0f32;
    for value in values {
        largest = if value.abs() > largest { value.abs() } else { largest };
    }
    let inverse = if largest > 1e-30 && largest.is_finite() { 127.0 / largest } else { 0.0 };
    for (code, value) in codes.iter_mut().zip(values) {
        *code = (value * inverse).round_ties_even() as i8;
    }
    if inverse > 0.0 { largest / 127.0 } else { 0.0 }
}
