//! Loops over slices, compiled for several instruction sets and chosen at run time.

use crate::Isa;
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes, exp};
use multiversion::multiversion;

/// Inner product. The order of additions is fixed (16 lanes, then a tree), so the result does not depend on
/// where the slice lies.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "lengths");
    let (a_lanes, a_rest) = a.as_chunks::<16>();
    let (b_lanes, b_rest) = b.as_chunks::<16>();
    let mut sums = [0.0f32; 16];
    for (x, y) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..16 {
            sums[lane] = x[lane].mul_add(y[lane], sums[lane]);
        }
    }
    let mut width = 8;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    a_rest.iter().zip(b_rest).fold(sums[0], |sum, (x, y)| x.mul_add(*y, sum))
}

/// `target += scale * source`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn add_scaled(target: &mut [f32], scale: f32, source: &[f32]) {
    assert_eq!(target.len(), source.len(), "lengths");
    for (t, s) in target.iter_mut().zip(source) {
        *t = s.mul_add(scale, *t);
    }
}

/// Adds the outer product of `x` with itself to the lower triangle of `matrix`, whose rows are as long as `x`; what lies
/// above the diagonal is not to be read. An empty `x` has an empty matrix.
///
/// # Panics
/// If the matrix does not consist of such rows, or has more of them than `x` has numbers.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn add_outer_product(matrix: &mut [[f32; 8]], x: &[[f32; 8]]) {
    assert!(matrix.len().is_multiple_of(x.len().max(1)), "whole rows");
    for (at, row) in matrix.chunks_exact_mut(x.len().max(1)).enumerate() {
        let scale = x[at / 8][at % 8];
        for (cells, x) in row[..=at / 8].iter_mut().zip(x) {
            for lane in 0..8 {
                cells[lane] = x[lane].mul_add(scale, cells[lane]);
            }
        }
    }
}

/// Replaces every value by its exponential, to within 2 units in the last place; below -87 the result is 0,
/// above 88 infinity.
///
/// # Source
/// Range reduction to [-ln2/2, ln2/2] and the degree-5 polynomial of Cephes `expf`.
pub fn exp_in_place(values: &mut [f32]) {
    Isa::detected().run(Exponentials(values));
}

struct Exponentials<'a>(&'a mut [f32]);

impl Kernel for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (chunks, rest) = self.0.as_chunks_mut::<LANES>();
        chunks.iter_mut().for_each(exponentials::<L>);
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        exponentials::<L>(&mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

#[inline(always)]
fn exponentials<L: Lanes>(cells: &mut [f32; LANES]) {
    let (low, high) = (L::splat(-87.0), L::splat(88.0));
    let x = L::load(cells);
    if low.any_above(x) || x.any_above(high) {
        let before = *cells;
        exp(x).store(cells);
        for (cell, x) in cells.iter_mut().zip(before) {
            *cell = if x < -87.0 {
                0.0
            } else if x > 88.0 {
                f32::INFINITY
            } else {
                *cell
            };
        }
    } else {
        exp(x).store(cells);
    }
}

/// Hyperbolic tangent to within 1e-6, inlined so that callers vectorise.
///
/// # Source
/// The odd rational minimax approximation (13th over 6th degree) that Eigen and XLA use; beyond 7.9 it is 1.
#[inline(always)]
pub(crate) fn tanh_of(value: f32) -> f32 {
    let x = value.clamp(-7.905_311, 7.905_311);
    let square = x * x;
    let mut odd = TANH_ODD[6];
    for index in (0..6).rev() {
        odd = odd.mul_add(square, TANH_ODD[index]);
    }
    let mut even = TANH_EVEN[3];
    for index in (0..3).rev() {
        even = even.mul_add(square, TANH_EVEN[index]);
    }
    x * odd / even
}

/// Coefficients of x, x^3, ... above the line of the approximation of tanh.
pub(crate) const TANH_ODD: [f32; 7] = [
    4.893_524_6e-3,
    6.372_619_3e-4,
    1.485_722_35e-5,
    5.122_297e-8,
    -8.604_672e-11,
    2.000_188e-13,
    -2.760_768_5e-16,
];
/// Coefficients of 1, x^2, ... below the line.
pub(crate) const TANH_EVEN: [f32; 4] = [4.893_525e-3, 2.268_434_6e-3, 1.185_347_1e-4, 1.198_258_4e-6];
