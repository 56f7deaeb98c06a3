//! Element by element over columns.

use crate::Isa;
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes, exp};
use multiversion::multiversion;

/// Replaces every logit by one plus its exponential, which is one over the probability of the other outcome. Logits
/// above `most`, 88 at the highest, count as that.
pub fn one_plus_exp(logits: &mut [f32], most: f32) {
    Isa::detected().run(OnePlusExp(logits, most));
}

struct OnePlusExp<'a>(&'a mut [f32], f32);

impl Kernel for OnePlusExp<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (most, one) = (L::splat(self.1), L::splat(1.0));
        let (chunks, rest) = self.0.as_chunks_mut::<LANES>();
        for cells in chunks {
            exp(L::load(cells).min(most)).add(one).store(cells);
        }
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        exp(L::load(&last).min(most)).add(one).store(&mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

/// `target = target * a * b`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn multiply(target: &mut [f32], a: &[f32], b: &[f32]) {
    assert!(target.len() == a.len() && target.len() == b.len(), "lengths");
    for ((t, x), y) in target.iter_mut().zip(a).zip(b) {
        *t = *t * x * y;
    }
}

/// Turns the sign of every value, and lifts what is then below `least` to it.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn negate(values: &mut [f32], least: f32) {
    for value in values {
        *value = if -*value > least { -*value } else { least };
    }
}

/// `target += a * b`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn add_product(target: &mut [f32], a: &[f32], b: &[f32]) {
    assert!(target.len() == a.len() && target.len() == b.len(), "lengths");
    for ((t, x), y) in target.iter_mut().zip(a).zip(b) {
        *t = x.mul_add(*y, *t);
    }
}

/// The inner product of long columns: four times as many sums side by side as [`crate::dot`] has.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn dot_long(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "lengths");
    let (a_lanes, a_rest) = a.as_chunks::<64>();
    let (b_lanes, b_rest) = b.as_chunks::<64>();
    let mut sums = [0.0f32; 64];
    for (x, y) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..64 {
            sums[lane] = x[lane].mul_add(y[lane], sums[lane]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    rest + sums.iter().sum::<f32>()
}

/// Replaces every value by its square root; negative ones count as 0.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn square_roots(values: &mut [f32]) {
    for value in values {
        *value = value.max(0.0).sqrt();
    }
}

/// Lets the two smallest numbers of each place pass on, given one more row.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn keep_two_smallest(row: &[f32], smallest: &mut [f32], second: &mut [f32]) {
    assert!(row.len() == smallest.len() && row.len() == second.len(), "lengths");
    for ((&x, low), next) in row.iter().zip(smallest).zip(second) {
        let larger = if x > *low { x } else { *low };
        *next = if larger < *next { larger } else { *next };
        *low = if x < *low { x } else { *low };
    }
}

/// Of the places where `free` is positive and `gate` above `bar`: how many there are, and the largest of `values` there,
/// at least `least`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn largest_where((free, gate, bar): (&[f32], &[f32], f32), values: &[f32], least: f32) -> (u32, f32) {
    assert!(free.len() == values.len() && gate.len() == values.len(), "lengths");
    let (mut counts, mut largest) = ([0u32; 16], [least; 16]);
    let split = |column| <[f32]>::as_chunks::<16>(column);
    let ((free, free_rest), (gate, gate_rest), (values, rest)) = (split(free), split(gate), split(values));
    for ((free, gate), values) in free.iter().zip(gate).zip(values) {
        for lane in 0..16 {
            let is_meant = (free[lane] > 0.0) & (gate[lane] > bar);
            counts[lane] += u32::from(is_meant);
            let x = if is_meant { values[lane] } else { least };
            largest[lane] = if x > largest[lane] { x } else { largest[lane] };
        }
    }
    for ((&free, &gate), &x) in free_rest.iter().zip(gate_rest).zip(rest) {
        if free > 0.0 && gate > bar {
            counts[0] += 1;
            largest[0] = largest[0].max(x);
        }
    }
    (counts.iter().sum(), largest.into_iter().fold(least, f32::max))
}

/// Replaces every value by its natural logarithm, to within 2 units in the last place. Positive normal numbers only.
///
/// # Source
/// Reduction to [sqrt(1/2), sqrt(2)] and the polynomial of Cephes `logf`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn logarithms(values: &mut [f32]) {
    const MANTISSA: u32 = (1 << 23) - 1;
    const HALF: u32 = 126 << 23;
    for value in values {
        let bits = value.to_bits();
        let half_to_one = f32::from_bits(bits & MANTISSA | HALF);
        let power = (bits >> 23) as i32 - 126;
        let is_low = half_to_one < std::f32::consts::FRAC_1_SQRT_2;
        let power = (if is_low { power - 1 } else { power }) as f32;
        let x = if is_low { half_to_one + half_to_one } else { half_to_one } - 1.0;
        let mut p = POLYNOMIAL[0];
        for coefficient in &POLYNOMIAL[1..] {
            p = p.mul_add(x, *coefficient);
        }
        let square = x * x;
        let tail = power.mul_add(-2.121_944_4e-4, p * x * square);
        let tail = square.mul_add(-0.5, tail);
        *value = power.mul_add(0.693_359_4, x + tail);
    }
}

const POLYNOMIAL: [f32; 9] = [
    7.037_683_6e-2,
    -1.151_461e-1,
    1.167_699_9e-1,
    -1.242_014_1e-1,
    1.424_932_3e-1,
    -1.666_805_8e-1,
    2.000_071_5e-1,
    -2.499_999_4e-1,
    3.333_333e-1,
];
