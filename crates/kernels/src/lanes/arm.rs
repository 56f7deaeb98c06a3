//! NEON, four registers for sixteen lanes.
#![expect(unsafe_code, reason = "intrinsics; NEON is part of every aarch64 machine that Rust knows")]

use super::{LANES, Lanes};
use std::arch::aarch64::*;

/// Four NEON registers.
#[derive(Clone, Copy)]
pub(crate) struct Neon([float32x4_t; 4]);

impl Neon {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(float32x4_t, float32x4_t) -> float32x4_t) -> Self {
        Self(std::array::from_fn(|part| f(self.0[part], other.0[part])))
    }
}

// SAFETY (every block below): NEON belongs to the target; loads and stores go through references to arrays of sixteen
// numbers, of which each quarter has four.
impl Lanes for Neon {
    const COLUMNS: usize = 1;
    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: see above.
        Self([unsafe { vdupq_n_f32(value) }; 4])
    }
    #[inline(always)]
    fn load(values: &[f32; LANES]) -> Self {
        // SAFETY: see above.
        Self(std::array::from_fn(|part| unsafe { vld1q_f32(values.as_ptr().add(4 * part)) }))
    }
    #[inline(always)]
    fn store(self, values: &mut [f32; LANES]) {
        for part in 0..4 {
            // SAFETY: see above.
            unsafe { vst1q_f32(values.as_mut_ptr().add(4 * part), self.0[part]) }
        }
    }
    #[inline(always)]
    fn load_half(bits: &[u16; LANES]) -> Self {
        Self::load(&bits.map(crate::half::to_single))
    }
    #[inline(always)]
    fn any_above(self, other: Self) -> bool {
        // SAFETY: see above.
        (0..4).any(|i| unsafe { vmaxvq_u32(vcgtq_f32(self.0[i], other.0[i])) != 0 })
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        self.zip(other, |a, b| unsafe { vaddq_f32(a, b) })
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        self.zip(other, |a, b| unsafe { vsubq_f32(a, b) })
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        self.zip(other, |a, b| unsafe { vmulq_f32(a, b) })
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        // SAFETY: see above.
        self.zip(other, |a, b| unsafe { vdivq_f32(a, b) })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        self.zip(other, |a, b| unsafe { vminq_f32(a, b) })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        self.zip(other, |a, b| unsafe { vmaxq_f32(a, b) })
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: see above.
        Self(std::array::from_fn(|i| unsafe { vfmaq_f32(addend.0[i], self.0[i], factor.0[i]) }))
    }
    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see above.
        Self(self.0.map(|x| unsafe { vrndnq_f32(x) }))
    }
    #[inline(always)]
    fn times_power_of_two(self, power: Self) -> Self {
        // SAFETY: see above.
        self.zip(power, |x, power| unsafe {
            let exponent = vaddq_s32(vcvtq_s32_f32(power), vdupq_n_s32(127));
            vmulq_f32(x, vreinterpretq_f32_s32(vshlq_n_s32::<23>(exponent)))
        })
    }
}
