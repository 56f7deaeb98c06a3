//! Loops over slices, compiled for several instruction sets and chosen at run time.

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

/// Replaces every value by its exponential, to within 2 units in the last place; below -87 the result is 0,
/// above 88 infinity.
///
/// # Source
/// Range reduction to [-ln2/2, ln2/2] and the degree-5 polynomial of Cephes `expf`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn exp_in_place(values: &mut [f32]) {
    for value in values {
        let x = *value;
        let clamped = x.clamp(-87.0, 88.0);
        let whole = (clamped * std::f32::consts::LOG2_E).round_ties_even();
        let r = whole.mul_add(-0.693_359_4, clamped);
        let r = whole.mul_add(2.121_944_4e-4, r);
        let mut p = 1.987_569_2e-4f32;
        p = p.mul_add(r, 1.398_2e-3);
        p = p.mul_add(r, 8.333_452e-3);
        p = p.mul_add(r, 4.166_579_6e-2);
        p = p.mul_add(r, 1.666_666_6e-1);
        p = p.mul_add(r, 0.5);
        let e = p.mul_add(r * r, r + 1.0);
        let scaled = e * f32::from_bits(((whole as i32 + 127) << 23) as u32);
        *value = if x < -87.0 {
            0.0
        } else if x > 88.0 {
            f32::INFINITY
        } else {
            scaled
        };
    }
}
