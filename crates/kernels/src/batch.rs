//! Affine maps of many rows: what a small network does to a whole batch at once.
//!
//! The weights of such a network (64 x 192 numbers at most) stay in the second-level cache for all rows, so the products
//! run at the speed of [`crate::product`] without any packing; a map that is called once per session instead reads
//! them once per session.

use crate::Isa;
use crate::isa::Kernel;
use crate::lanes::{LANES, Lanes, split, split_mut};
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
    if size.0 == 0 {
        return;
    }
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
    if size.0 == 0 {
        return;
    }
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
            for (sum, g) in split_mut(d_bias).iter_mut().zip(split(row)) {
                L::load(sum).add(L::load(g)).store(sum);
            }
        }
    }
}
