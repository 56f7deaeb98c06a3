//! The matrix product of the hot path, on operands that already lie in the nearest caches.
//!
//! A library's product first copies its operands into the order in which it reads them, because it knows nothing about
//! them. Here a tile of the catalogue (64 items of 64 numbers, 16 KiB) is in the first-level cache because the kernel
//! put it there, so nothing is copied: a block of 6 x 64 results stays in 24 of the 32 AVX-512 registers; each step
//! loads 4 registers of the right operand, spreads 6 numbers of the left one, and multiplies 24 times.
//!
//! # Floor
//! One fused multiplication-addition of 16 numbers per cycle (Zen 4) is 32 operations: 24 cycles a step against 10
//! loads, of which two fit a cycle. So the multiplier is the limit; what is lost is the start and the end of a block.

use crate::lanes::{LANES, Lanes};

/// How the left operand `[rows, inner]` lies in memory.
#[derive(Clone, Copy)]
pub(crate) enum Left<'a> {
    /// A row after the other, this far apart.
    Rows(&'a [f32], usize),
    /// A column after the other, this far apart.
    Columns(&'a [f32], usize),
}

/// What the sums start from.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// Nothing.
    Zero,
    /// What the result holds.
    Result,
    /// One number per row.
    PerRow(&'a [f32]),
    /// One number per column.
    PerColumn(&'a [f32]),
}

/// `(rows, inner, columns)` of a product; `columns` is a multiple of [`LANES`].
pub(crate) type Size = (usize, usize, usize);

/// `out = start + left @ right`, each cell summed over `inner` in ascending order.
///
/// # Shapes
/// `left: [rows, inner]`, `right: [inner, columns]` and `out: [rows, columns]`, the latter two with their strides.
#[inline(always)]
pub(crate) fn product<L: Lanes>(
    size: Size,
    left: Left<'_>,
    (right, right_stride): (&[f32], usize),
    start: Start<'_>,
    (out, out_stride): (&mut [f32], usize),
) {
    let (_, _, columns) = size;
    assert!(columns.is_multiple_of(LANES), "whole lanes of columns");
    let mut column = 0;
    while L::COLUMNS == 4 && column + 4 * LANES <= columns {
        stripe::<L, 4>(
            size,
            left,
            (&right[column..], right_stride),
            shift(start, column),
            (&mut out[column..], out_stride),
        );
        column += 4 * LANES;
    }
    while column < columns {
        stripe::<L, 1>(
            size,
            left,
            (&right[column..], right_stride),
            shift(start, column),
            (&mut out[column..], out_stride),
        );
        column += LANES;
    }
}

#[inline(always)]
fn shift(start: Start<'_>, column: usize) -> Start<'_> {
    match start {
        Start::PerColumn(values) => Start::PerColumn(&values[column..]),
        other => other,
    }
}

/// All rows of `C` lanes of columns.
#[inline(always)]
fn stripe<L: Lanes, const C: usize>(
    (rows, inner, _): Size,
    left: Left<'_>,
    right: (&[f32], usize),
    start: Start<'_>,
    (out, out_stride): (&mut [f32], usize),
) {
    let mut row = 0;
    while row + 6 <= rows {
        block::<L, 6, C>(row, inner, left, right, start, (out, out_stride));
        row += 6;
    }
    if row + 4 <= rows {
        block::<L, 4, C>(row, inner, left, right, start, (out, out_stride));
        row += 4;
    }
    while row < rows {
        block::<L, 1, C>(row, inner, left, right, start, (out, out_stride));
        row += 1;
    }
}

/// `R` rows of `C` lanes, summed in registers.
#[inline(always)]
fn block<L: Lanes, const R: usize, const C: usize>(
    row: usize,
    inner: usize,
    left: Left<'_>,
    (right, right_stride): (&[f32], usize),
    start: Start<'_>,
    (out, out_stride): (&mut [f32], usize),
) {
    // Loops, not `array::from_fn`: only what is inlined is compiled for the instruction set.
    let mut sums = [[L::splat(0.0); C]; R];
    for r in 0..R {
        match start {
            Start::Zero => {}
            Start::Result => sums[r] = load::<L, C>(&out[(row + r) * out_stride..]),
            Start::PerRow(values) => sums[r] = [L::splat(values[row + r]); C],
            Start::PerColumn(values) => sums[r] = load::<L, C>(values),
        }
    }
    match left {
        Left::Rows(left, stride) => {
            let mut rows = [&left[..0]; R];
            for r in 0..R {
                rows[r] = &left[(row + r) * stride..][..inner];
            }
            for k in 0..inner {
                let factors = load::<L, C>(&right[k * right_stride..]);
                for r in 0..R {
                    let x = L::splat(rows[r][k]);
                    for c in 0..C {
                        sums[r][c] = x.mul_add(factors[c], sums[r][c]);
                    }
                }
            }
        }
        Left::Columns(left, stride) => {
            for k in 0..inner {
                let factors = load::<L, C>(&right[k * right_stride..]);
                let left = &left[k * stride + row..][..R];
                for r in 0..R {
                    let x = L::splat(left[r]);
                    for c in 0..C {
                        sums[r][c] = x.mul_add(factors[c], sums[r][c]);
                    }
                }
            }
        }
    }
    for r in 0..R {
        let (cells, _) = out[(row + r) * out_stride..][..C * LANES].as_chunks_mut::<LANES>();
        for c in 0..C {
            sums[r][c].store(&mut cells[c]);
        }
    }
}

#[inline(always)]
fn load<L: Lanes, const C: usize>(values: &[f32]) -> [L; C] {
    let (chunks, _) = values[..C * LANES].as_chunks::<LANES>();
    let mut lanes = [L::splat(0.0); C];
    for c in 0..C {
        lanes[c] = L::load(&chunks[c]);
    }
    lanes
}
