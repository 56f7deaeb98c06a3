//! Small affine maps on a handful of rows, where packing for a full matrix product would cost more than the
//! product itself.

use crate::dot;
use multiversion::multiversion;

/// `output = input @ weight + bias`, without allocating.
///
/// # Shapes
/// `input: [rows, in]`, `weight: [in, out]`, `bias: [out]`, `output: [rows, out]`.
///
/// # Panics
/// If the lengths do not fit.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn affine(input: &[f32], weight: &[f32], bias: &[f32], output: &mut [f32]) {
    let n_out = bias.len();
    let n_in = weight.len() / n_out.max(1);
    assert!(weight.len() == n_in * n_out && input.len() * n_out == output.len() * n_in, "lengths");
    // Columns outside, rows inside: a block of the weight stays in the nearest cache for all rows.
    let mut start = 0;
    while start + 64 <= n_out {
        for (x, y) in input.chunks_exact(n_in).zip(output.chunks_exact_mut(n_out)) {
            block::<64>(x, weight, bias, y, start);
        }
        start += 64;
    }
    while start + 16 <= n_out {
        for (x, y) in input.chunks_exact(n_in).zip(output.chunks_exact_mut(n_out)) {
            block::<16>(x, weight, bias, y, start);
        }
        start += 16;
    }
    for (x, y) in input.chunks_exact(n_in).zip(output.chunks_exact_mut(n_out)) {
        y[start..].copy_from_slice(&bias[start..]);
        for (&scale, row) in x.iter().zip(weight.chunks_exact(n_out)) {
            for (sum, w) in y[start..].iter_mut().zip(&row[start..]) {
                *sum = scale.mul_add(*w, *sum);
            }
        }
    }
}

/// Outputs `start..start + SIZE` of one row, summed in registers.
#[inline(always)]
fn block<const SIZE: usize>(x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32], start: usize) {
    let mut sums = [0.0f32; SIZE];
    sums.copy_from_slice(&bias[start..start + SIZE]);
    for (&scale, row) in x.iter().zip(weight.chunks_exact(bias.len())) {
        let row = &row[start..start + SIZE];
        for lane in 0..SIZE {
            sums[lane] = scale.mul_add(row[lane], sums[lane]);
        }
    }
    y[start..start + SIZE].copy_from_slice(&sums);
}

/// The backward pass of [`affine`]: adds to both gradients and overwrites `input_gradient: [rows, in]`, given
/// `upstream: [rows, out]`.
///
/// # Panics
/// If the lengths do not fit.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
pub fn affine_backward(
    (input, weight, upstream): (&[f32], &[f32], &[f32]),
    weight_gradient: &mut [f32],
    bias_gradient: &mut [f32],
    input_gradient: &mut [f32],
) {
    let n_out = bias_gradient.len();
    let n_in = weight.len() / n_out.max(1);
    assert!(weight.len() == n_in * n_out && weight_gradient.len() == weight.len(), "lengths");
    assert!(input.len() == input_gradient.len() && input.len() * n_out == upstream.len() * n_in, "lengths");
    let rows = input.chunks_exact(n_in).zip(upstream.chunks_exact(n_out));
    for ((x, g), x_gradient) in rows.zip(input_gradient.chunks_exact_mut(n_in)) {
        for (b, g) in bias_gradient.iter_mut().zip(g) {
            *b += g;
        }
        for k in 0..n_in {
            x_gradient[k] = dot(g, &weight[k * n_out..(k + 1) * n_out]);
            for (w, g) in weight_gradient[k * n_out..(k + 1) * n_out].iter_mut().zip(g) {
                *w = x[k].mul_add(*g, *w);
            }
        }
    }
}

/// `output = a @ b^T` for long rows: every cell is an inner product, taken tile by tile so that a tile of `b` stays in
/// the nearest cache for all rows of `a`.
///
/// # Shapes
/// `a: [rows, length]`, `b: [columns, length]`, `output: [rows, columns]`.
///
/// # Panics
/// If the lengths do not fit.
pub fn products_of_rows(a: &[f32], b: &[f32], length: usize, output: &mut [f32]) {
    const TILE: usize = 2048;
    let (rows, columns) = (a.len() / length, b.len() / length);
    assert!(a.len() == rows * length && b.len() == columns * length, "whole rows");
    assert_eq!(output.len(), rows * columns, "result");
    output.fill(0.0);
    for start in (0..length).step_by(TILE) {
        let tile = start..length.min(start + TILE);
        for (column, b_row) in b.chunks_exact(length).enumerate() {
            let b_row = &b_row[tile.clone()];
            for (group, a_rows) in a.chunks(4 * length).enumerate() {
                if a_rows.len() == 4 * length {
                    let sums = four_products(a_rows, length, tile.clone(), b_row);
                    for (offset, sum) in sums.into_iter().enumerate() {
                        output[(4 * group + offset) * columns + column] += sum;
                    }
                } else {
                    for (offset, a_row) in a_rows.chunks_exact(length).enumerate() {
                        output[(4 * group + offset) * columns + column] += dot(&a_row[tile.clone()], b_row);
                    }
                }
            }
        }
    }
}

/// Inner products of one row with a tile of each of four rows, enough sums at a time to keep the processor busy.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma", "aarch64+neon"))]
fn four_products(a_rows: &[f32], length: usize, tile: std::ops::Range<usize>, b_row: &[f32]) -> [f32; 4] {
    let (mut s0, mut s1, mut s2, mut s3) = ([0.0f32; 16], [0.0f32; 16], [0.0f32; 16], [0.0f32; 16]);
    let (b_chunks, b_rest) = b_row.as_chunks::<16>();
    let rows: [&[f32]; 4] = std::array::from_fn(|row| &a_rows[row * length..][tile.clone()]);
    let [c0, c1, c2, c3] = rows.map(|row| row.as_chunks::<16>().0);
    for ((((b, a0), a1), a2), a3) in b_chunks.iter().zip(c0).zip(c1).zip(c2).zip(c3) {
        for lane in 0..16 {
            s0[lane] = a0[lane].mul_add(b[lane], s0[lane]);
        }
        for lane in 0..16 {
            s1[lane] = a1[lane].mul_add(b[lane], s1[lane]);
        }
        for lane in 0..16 {
            s2[lane] = a2[lane].mul_add(b[lane], s2[lane]);
        }
        for lane in 0..16 {
            s3[lane] = a3[lane].mul_add(b[lane], s3[lane]);
        }
    }
    let sums = [s0, s1, s2, s3];
    let rest = b_row.len() - b_rest.len();
    std::array::from_fn(|row| {
        let whole: f32 = sums[row].iter().sum();
        rows[row][rest..].iter().zip(b_rest).fold(whole, |sum, (x, y)| x.mul_add(*y, sum))
    })
}
