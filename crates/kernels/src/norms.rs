//! Layer norms of many rows, forward and back.
//!
//! A row of 64 numbers is four registers: it is summed, centred and scaled without leaving them, so a norm costs what
//! reading and writing its rows in the nearest cache costs.

use crate::Isa;
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes, split, split_mut, sum};

/// What normalising leaves for the way back.
#[derive(Clone, Debug, Default)]
pub struct NormBatch {
    normalised: Vec<f32>,
    inverse_deviations: Vec<f32>,
}

impl NormBatch {
    /// Normalises each row of `rows: [rows, width]` in place, then applies gain and offset.
    ///
    /// # Panics
    /// If the width is not a multiple of 16 or the rows are not whole.
    pub fn forward(&mut self, isa: Isa, rows: &mut [f32], gain: &[f32], offset: &[f32]) {
        let width = gain.len();
        assert!(width.is_multiple_of(LANES) && offset.len() == width, "whole lanes");
        assert!(rows.len().is_multiple_of(width), "whole rows");
        self.normalised.resize(rows.len(), 0.0);
        self.inverse_deviations.resize(rows.len() / width, 0.0);
        isa.run(Norm { trace: self, rows, gain, offset });
    }

    /// Turns the output's gradient into the input's, in place, and adds to the gradients of gain and offset.
    ///
    /// # Panics
    /// If the lengths are not those of the way forward.
    pub fn backward(
        &self,
        isa: Isa,
        upstream: &mut [f32],
        gain: &[f32],
        gradients: (&mut [f32], &mut [f32]),
    ) {
        assert_eq!(upstream.len(), self.normalised.len(), "the rows of the way forward");
        assert!(gain.len() == gradients.0.len() && gain.len() == gradients.1.len(), "one gain per column");
        isa.run(NormBackward { trace: self, upstream, gain, gradients });
    }
}

struct Norm<'a> {
    trace: &'a mut NormBatch,
    rows: &'a mut [f32],
    gain: &'a [f32],
    offset: &'a [f32],
}

impl Kernel for Norm<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        const EPSILON: f32 = 1e-5;
        let Self { trace, rows, gain, offset } = self;
        let width = gain.len();
        let scale = 1.0 / width as f32;
        let traces = trace.normalised.chunks_exact_mut(width).zip(&mut trace.inverse_deviations);
        for (row, (normalised, inverse)) in rows.chunks_exact_mut(width).zip(traces) {
            let total = split(row).iter().fold(L::splat(0.0), |total, x| total.add(L::load(x)));
            let mean = L::splat(sum(total) * scale);
            let squares = split(row).iter().fold(L::splat(0.0), |total, x| {
                let centred = L::load(x).sub(mean);
                centred.mul_add(centred, total)
            });
            *inverse = 1.0 / (sum(squares) * scale + EPSILON).sqrt();
            let factor = L::splat(*inverse);
            let parts =
                split_mut(row).iter_mut().zip(split_mut(normalised)).zip(split(gain)).zip(split(offset));
            for (((x, normalised), gain), offset) in parts {
                let value = L::load(x).sub(mean).mul(factor);
                value.store(normalised);
                value.mul_add(L::load(gain), L::load(offset)).store(x);
            }
        }
    }
}

struct NormBackward<'a> {
    trace: &'a NormBatch,
    upstream: &'a mut [f32],
    gain: &'a [f32],
    gradients: (&'a mut [f32], &'a mut [f32]),
}

impl Kernel for NormBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { trace, upstream, gain, gradients: (d_gain, d_offset) } = self;
        let width = gain.len();
        let scale = 1.0 / width as f32;
        let traces = trace.normalised.chunks_exact(width).zip(&trace.inverse_deviations);
        for (row, (normalised, &inverse)) in upstream.chunks_exact_mut(width).zip(traces) {
            let (mut total, mut total_product) = (L::splat(0.0), L::splat(0.0));
            let sums = split_mut(d_gain).iter_mut().zip(split_mut(d_offset));
            let parts = split_mut(row).iter_mut().zip(split(normalised)).zip(split(gain)).zip(sums);
            for (((cell, normalised), gain), (d_gain, d_offset)) in parts {
                let (x, normalised) = (L::load(cell), L::load(normalised));
                x.mul_add(normalised, L::load(d_gain)).store(d_gain);
                L::load(d_offset).add(x).store(d_offset);
                let x = x.mul(L::load(gain));
                x.store(cell);
                total = total.add(x);
                total_product = x.mul_add(normalised, total_product);
            }
            let (mean, mean_product) = (L::splat(sum(total) * scale), L::splat(sum(total_product) * scale));
            let inverse = L::splat(inverse);
            for (cell, normalised) in split_mut(row).iter_mut().zip(split(normalised)) {
                let x = L::load(cell).sub(mean).sub(L::load(normalised).mul(mean_product));
                inverse.mul(x).store(cell);
            }
        }
    }
}
