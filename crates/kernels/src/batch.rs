//! Affine maps and layer norms of many rows: what a small network does to a whole batch at once.
//!
//! The weights of such a network (64 x 192 numbers at most) stay in the second-level cache for all rows, so the products
//! run at the speed of [`crate::product`] without any packing; a map that is called once per session instead reads
//! them once per session.

use crate::Isa;
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes, sum};
use crate::product::{Left, Start, product};

/// `output = input @ weight + bias`.
///
/// # Shapes
/// `input: [rows, in]`, `weight: [in, out]`, `bias: [out]`, `output: [rows, out]`; `out` is a multiple of 16.
///
/// # Panics
/// If the lengths do not fit.
pub fn affine_batch(isa: Isa, input: &[f32], (weight, bias): (&[f32], &[f32]), output: &mut [f32]) {
    let size = size(input.len(), weight.len(), bias.len());
    assert_eq!(output.len(), size.0 * size.2, "result");
    isa.run(Affine { size, input, weight, bias, output });
}

/// The way back through [`affine_batch`]: adds to both gradients and overwrites `d_input: [rows, in]`, given
/// `upstream: [rows, out]` and the weight's transpose `[out, in]`; `in` is a multiple of 16 too.
///
/// # Panics
/// If the lengths do not fit.
pub fn affine_batch_backward(
    isa: Isa,
    (input, transposed, upstream): (&[f32], &[f32], &[f32]),
    (d_weight, d_bias): (&mut [f32], &mut [f32]),
    d_input: &mut [f32],
) {
    let size = size(input.len(), transposed.len(), d_bias.len());
    assert_eq!(upstream.len(), size.0 * size.2, "gradient of the result");
    assert!(d_weight.len() == transposed.len() && d_input.len() == input.len(), "gradients");
    isa.run(AffineBackward { size, input, transposed, upstream, d_weight, d_bias, d_input });
}

/// The transpose of `[rows, columns]`, written over `out`.
pub fn transpose(matrix: &[f32], columns: usize, out: &mut Vec<f32>) {
    let rows = matrix.len() / columns;
    out.clear();
    out.resize(matrix.len(), 0.0);
    for (r, row) in matrix.chunks_exact(columns).enumerate() {
        for (c, &value) in row.iter().enumerate() {
            out[c * rows + r] = value;
        }
    }
}

fn size(input: usize, weight: usize, out: usize) -> (usize, usize, usize) {
    assert!(out > 0 && out.is_multiple_of(LANES), "whole lanes of columns");
    let inner = weight / out;
    assert!(inner > 0 && weight == inner * out && input.is_multiple_of(inner), "lengths");
    (input / inner, inner, out)
}

struct Affine<'a> {
    size: (usize, usize, usize),
    input: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    output: &'a mut [f32],
}

impl Kernel for Affine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { size, input, weight, bias, output } = self;
        let (_, inner, columns) = size;
        let left = Left::Rows(input, inner);
        product::<L>(size, left, (weight, columns), Start::PerColumn(bias), (output, columns));
    }
}

struct AffineBackward<'a> {
    size: (usize, usize, usize),
    input: &'a [f32],
    transposed: &'a [f32],
    upstream: &'a [f32],
    d_weight: &'a mut [f32],
    d_bias: &'a mut [f32],
    d_input: &'a mut [f32],
}

impl Kernel for AffineBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Self { size: (rows, inner, columns), input, transposed, upstream, d_weight, d_bias, d_input } =
            self;
        let left = Left::Rows(upstream, columns);
        product::<L>((rows, columns, inner), left, (transposed, inner), Start::Zero, (d_input, inner));
        let left = Left::Columns(input, inner);
        product::<L>((inner, rows, columns), left, (upstream, columns), Start::Result, (d_weight, columns));
        for row in upstream.chunks_exact(columns) {
            for (sum, g) in lanes_mut(d_bias).iter_mut().zip(lanes(row)) {
                L::load(sum).add(L::load(g)).store(sum);
            }
        }
    }
}

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
            let total = lanes(row).iter().fold(L::splat(0.0), |total, x| total.add(L::load(x)));
            let mean = L::splat(sum(total) * scale);
            let squares = lanes(row).iter().fold(L::splat(0.0), |total, x| {
                let centred = L::load(x).sub(mean);
                centred.mul_add(centred, total)
            });
            *inverse = 1.0 / (sum(squares) * scale + EPSILON).sqrt();
            let factor = L::splat(*inverse);
            let parts =
                lanes_mut(row).iter_mut().zip(lanes_mut(normalised)).zip(lanes(gain)).zip(lanes(offset));
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
            let sums = lanes_mut(d_gain).iter_mut().zip(lanes_mut(d_offset));
            let parts = lanes_mut(row).iter_mut().zip(lanes(normalised)).zip(lanes(gain)).zip(sums);
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
            for (cell, normalised) in lanes_mut(row).iter_mut().zip(lanes(normalised)) {
                let x = L::load(cell).sub(mean).sub(L::load(normalised).mul(mean_product));
                inverse.mul(x).store(cell);
            }
        }
    }
}

#[inline(always)]
fn lanes(values: &[f32]) -> &[[f32; LANES]] {
    values.as_chunks().0
}

#[inline(always)]
fn lanes_mut(values: &mut [f32]) -> &mut [[f32; LANES]] {
    values.as_chunks_mut().0
}
