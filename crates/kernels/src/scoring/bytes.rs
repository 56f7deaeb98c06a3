//! Weights and states as bytes, and the exact sums of their products.
//!
//! The instruction for this (VNNI) multiplies four unsigned bytes by four signed ones and adds them to a 32-bit sum, in
//! sixteen lanes at once: 64 multiplications. So a state is stored unsigned, moved up by 128, and what this adds to
//! each sum, 128 times the sum of the item's bytes, is taken off again. A panel lies as `[width / 4, 64, 4]`.

use super::PANEL;
use crate::Isa;
use multiversion::multiversion;

/// Panels of bytes with what belongs to each item.
#[derive(Clone, Debug)]
pub(super) struct ByteWeights {
    width: usize,
    panels: Vec<i8>,
    /// Factor of each item's bytes.
    scales: Vec<f32>,
    /// What moving the state up by 128 adds to each item's sum.
    shifts: Vec<i32>,
    has_dot_product: bool,
}

/// A state moved up by 128, and the factor of its bytes.
pub(super) struct ByteState {
    pub(super) values: Vec<u8>,
    pub(super) scale: f32,
}

impl ByteState {
    pub(super) fn new(state: &[f32]) -> Self {
        let scale = scale(state);
        let byte = |x: &f32| ((x / scale).round_ties_even() as i32 + 128) as u8;
        Self { values: state.iter().map(byte).collect(), scale }
    }
}

/// What makes 127 the largest byte; anything for zeros.
fn scale(values: &[f32]) -> f32 {
    let largest = values.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    if largest > 0.0 { largest / 127.0 } else { 1.0 }
}

impl ByteWeights {
    pub(super) fn new(isa: Isa, rows: &[f32], width: usize) -> Self {
        let n_padded = (rows.len() / width).next_multiple_of(PANEL);
        let mut panels = vec![0i8; n_padded * width];
        let (mut scales, mut shifts) = (vec![0.0; n_padded], vec![0; n_padded]);
        for (item, row) in rows.chunks_exact(width).enumerate() {
            scales[item] = scale(row);
            let panel = &mut panels[item / PANEL * PANEL * width..];
            for (k, x) in row.iter().enumerate() {
                let byte = (x / scales[item]).round_ties_even() as i8;
                panel[(k / 4 * PANEL + item % PANEL) * 4 + k % 4] = byte;
                shifts[item] += 128 * i32::from(byte);
            }
        }
        Self { width, panels, scales, shifts, has_dot_product: isa == Isa::Avx512 && has_dot_product() }
    }

    pub(super) fn n_bytes(&self) -> usize {
        self.panels.len() + 4 * (self.scales.len() + self.shifts.len())
    }

    pub(super) fn scales(&self, panel: usize) -> &[f32] {
        &self.scales[panel * PANEL..][..PANEL]
    }

    /// The sums of products of a panel's items with a state.
    #[inline(always)]
    pub(super) fn sums(&self, panel: usize, state: &[u8], sums: &mut [i32; PANEL]) {
        let cells = &self.panels[panel * PANEL * self.width..][..PANEL * self.width];
        let shifts = &self.shifts[panel * PANEL..][..PANEL];
        match self.has_dot_product {
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "a function compiled for more than the baseline")]
            // SAFETY: the flag was set by the run-time check for exactly these features.
            true => unsafe { vnni::sums(cells, state, sums) },
            _ => plain_sums(cells, state, sums),
        }
        sums.iter_mut().zip(shifts).for_each(|(sum, shift)| *sum -= shift);
    }
}

fn has_dot_product() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// The twin without the instruction, and the oracle of the one with it.
#[multiversion(targets("x86_64+avx2+fma", "aarch64+neon"))]
fn plain_sums(cells: &[i8], state: &[u8], sums: &mut [i32; PANEL]) {
    for (cells, x) in cells.as_chunks::<{ 4 * PANEL }>().0.iter().zip(state.as_chunks::<4>().0) {
        for item in 0..PANEL {
            for k in 0..4 {
                sums[item] += i32::from(x[k]) * i32::from(cells[4 * item + k]);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod vnni {
    //! The sums by AVX-512 VNNI.
    #![expect(unsafe_code, reason = "loads and stores of intrinsics take pointers")]

    use super::PANEL;
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) fn sums(cells: &[i8], state: &[u8], out: &mut [i32; PANEL]) {
        let mut sums = [_mm512_setzero_si512(); 4];
        for (cells, x) in cells.as_chunks::<{ 4 * PANEL }>().0.iter().zip(state.as_chunks::<4>().0) {
            let x = _mm512_set1_epi32(i32::from_le_bytes(*x));
            for (sum, cells) in sums.iter_mut().zip(cells.as_chunks::<64>().0) {
                // SAFETY: 64 bytes are read from a reference to 64 bytes.
                let cells = unsafe { _mm512_loadu_si512(cells.as_ptr().cast()) };
                *sum = _mm512_dpbusd_epi32(*sum, x, cells);
            }
        }
        for (sum, out) in sums.into_iter().zip(out.as_chunks_mut::<16>().0) {
            // SAFETY: 64 bytes are written to a reference to sixteen numbers.
            unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), sum) };
        }
    }
}
