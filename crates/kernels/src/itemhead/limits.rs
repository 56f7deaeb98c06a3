//! Limits that rows and biases keep after every step.

use crate::lanes::{Lanes, split, split_mut, sum};

/// What the fused step does to a tile that it has just moved; infinity for no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadLimits {
    /// Rows longer than this are scaled down to it.
    pub row_norm: f32,
    /// Biases are clamped to ± this.
    pub bias: f32,
}

impl HeadLimits {
    /// No limits.
    pub const NONE: Self = Self { row_norm: f32::INFINITY, bias: f32::INFINITY };

    /// Applies the limits to rows of this width and their biases.
    #[inline(always)]
    pub(super) fn apply<L: Lanes>(self, rows: &mut [f32], width: usize, bias: &mut [f32]) {
        if self.row_norm < f32::INFINITY {
            for row in rows.chunks_exact_mut(width) {
                let mut squares = L::splat(0.0);
                for cells in split(row) {
                    squares = L::load(cells).mul_add(L::load(cells), squares);
                }
                let norm = sum(squares).sqrt();
                if norm > self.row_norm {
                    let scale = L::splat(self.row_norm / norm);
                    split_mut(row).iter_mut().for_each(|cells| L::load(cells).mul(scale).store(cells));
                }
            }
        }
        bias.iter_mut().for_each(|b| *b = b.clamp(-self.bias, self.bias));
    }
}
