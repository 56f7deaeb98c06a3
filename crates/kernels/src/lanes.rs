//! Sixteen numbers at a time, whatever the machine: every catalogue-sized kernel is written once over [`Lanes`] and
//! compiled for each instruction set.
//!
//! All versions have sixteen lanes, fuse multiplication and addition, and add in the same order, so they agree bit for
//! bit; the portable one is plain arrays and serves as the oracle of the others.

#[cfg(target_arch = "aarch64")]
pub(crate) mod arm;
mod portable;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;

pub(crate) use portable::Portable;

/// How many numbers a value of [`Lanes`] holds.
pub(crate) const LANES: usize = 16;

/// Sixteen `f32`, with the operations that the kernels need.
pub(crate) trait Lanes: Copy {
    /// How many of these one row of a product's register block has, so that six rows fill the registers.
    const COLUMNS: usize;
    fn splat(value: f32) -> Self;
    fn load(values: &[f32; LANES]) -> Self;
    fn store(self, values: &mut [f32; LANES]);
    /// Half-precision numbers, by their bits.
    fn load_half(bits: &[u16; LANES]) -> Self;
    /// Whether a lane is greater than the other's.
    fn any_above(self, other: Self) -> bool;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    /// `self * factor + addend`, rounded once.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The nearest whole number, ties to even.
    fn round(self) -> Self;
    /// `self * 2^power` for a whole `power` whose result is a normal number.
    fn times_power_of_two(self, power: Self) -> Self;
}

/// Exponential within 2 units in the last place, of arguments clamped to `[-87, 88]`.
///
/// # Source
/// As [`crate::exp_in_place`].
#[inline(always)]
pub(crate) fn exp<L: Lanes>(x: L) -> L {
    // In this order what is not a number stays so.
    let x = L::splat(88.0).min(L::splat(-87.0).max(x));
    let whole = x.mul(L::splat(std::f32::consts::LOG2_E)).round();
    let r = whole.mul_add(L::splat(-0.693_359_4), x);
    let r = whole.mul_add(L::splat(2.121_944_4e-4), r);
    let mut p = L::splat(1.987_569_2e-4);
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_6e-1, 0.5] {
        p = p.mul_add(r, L::splat(coefficient));
    }
    let e = p.mul_add(r.mul(r), r.add(L::splat(1.0)));
    e.times_power_of_two(whole)
}

/// Hyperbolic tangent within 1e-6.
///
/// # Source
/// As `vector::tanh_of`.
#[inline(always)]
pub(crate) fn tanh<L: Lanes>(x: L) -> L {
    use crate::vector::{TANH_EVEN, TANH_ODD};
    let x = L::splat(7.905_311).min(L::splat(-7.905_311).max(x));
    let square = x.mul(x);
    let mut odd = L::splat(TANH_ODD[6]);
    for coefficient in TANH_ODD[..6].iter().rev() {
        odd = odd.mul_add(square, L::splat(*coefficient));
    }
    let mut even = L::splat(TANH_EVEN[3]);
    for coefficient in TANH_EVEN[..3].iter().rev() {
        even = even.mul_add(square, L::splat(*coefficient));
    }
    x.mul(odd).div(even)
}

/// The sum of the lanes, halved again and again.
#[inline(always)]
pub(crate) fn sum<L: Lanes>(lanes: L) -> f32 {
    let mut values = [0.0; LANES];
    lanes.store(&mut values);
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            values[lane] += values[lane + width];
        }
        width /= 2;
    }
    values[0]
}

/// A row as lanes; what is left over is not in it.
#[inline(always)]
pub(crate) fn split(values: &[f32]) -> &[[f32; LANES]] {
    values.as_chunks().0
}

/// As [`split`], to be written to.
#[inline(always)]
pub(crate) fn split_mut(values: &mut [f32]) -> &mut [[f32; LANES]] {
    values.as_chunks_mut().0
}
