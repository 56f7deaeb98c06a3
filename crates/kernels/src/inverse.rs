//! The inverse of a symmetric positive definite matrix.

use rayon::prelude::*;

/// Below this side a block is inverted cell by cell.
const SMALL: usize = 48;
/// Rows of a product that one thread works out at a time.
const ROWS: usize = 128;

/// Replaces a symmetric positive definite matrix, `[n, n]` in f64, by its inverse. Only the lower triangle is read; both are
/// written. The same bits on any number of threads. About 4/3 n^3 operations, and memory for two more such matrices.
///
/// # Source
/// Inversion by blocks with the Schur complement, recursively (for instance Golub & Van Loan, section 3.2): nearly all work
/// is in matrix products.
///
/// # Errors
/// `false` where a pivot is not positive: the matrix is not positive definite, or not to the precision of f64. It then has
/// no defined content.
///
/// # Panics
/// If the slice is not `[n, n]`.
#[must_use]
pub fn invert_positive_definite(matrix: &mut [f64], n: usize) -> bool {
    assert_eq!(matrix.len(), n * n, "a square matrix");
    let inverse = inverse(matrix.to_vec(), n);
    if let Some(inverse) = &inverse {
        matrix.copy_from_slice(inverse);
    }
    inverse.is_some()
}

/// With A = [A11, A21'; A21, A22], P = A11^-1, T = A21 P and Q = (A22 - T A21')^-1, the inverse is
/// [P + T' Q T, -(Q T)'; -Q T, Q].
fn inverse(a: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    if n <= SMALL {
        return small_inverse(a, n);
    }
    let (h, rest) = (n / 2, n - n / 2);
    let block = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| -> Vec<f64> {
        rows.flat_map(|row| &a[row * n..][columns.clone()]).copied().collect()
    };
    let (a11, a21, mut schur) = (block(0..h, 0..h), block(h..n, 0..h), block(h..n, h..n));
    drop(a);
    let p = inverse(a11, h)?;
    let mut t = vec![0.0; rest * h];
    add_product((rest, h, h), 1.0, (&a21, false), &p, &mut t);
    let a21 = transposed(&a21, rest, h);
    add_product((rest, h, rest), -1.0, (&t, false), &a21, &mut schur);
    drop(a21);
    let q = inverse(schur, rest)?;
    let mut lower = vec![0.0; rest * h];
    add_product((rest, rest, h), -1.0, (&q, false), &t, &mut lower);
    let mut upper = p;
    add_product((h, rest, h), -1.0, (&t, true), &lower, &mut upper);
    let mut out = vec![0.0; n * n];
    out.par_chunks_exact_mut(n).enumerate().for_each(|(row, out)| match row.checked_sub(h) {
        None => {
            out[..h].copy_from_slice(&upper[row * h..][..h]);
            out[h..].iter_mut().zip(lower.iter().skip(row).step_by(h)).for_each(|(x, y)| *x = *y);
        }
        Some(row) => {
            out[..h].copy_from_slice(&lower[row * h..][..h]);
            out[h..].copy_from_slice(&q[row * rest..][..rest]);
        }
    });
    Some(out)
}

/// By the Cholesky factor.
fn small_inverse(mut a: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            let value = a[i * n + j] - sum;
            if i != j {
                a[i * n + j] = value / a[j * n + j];
            } else if value > 0.0 && value.is_finite() {
                a[i * n + i] = value.sqrt();
            } else {
                return None;
            }
        }
    }
    let mut out = vec![0.0; n * n];
    for column in 0..n {
        let mut x = vec![0.0; n];
        for i in column..n {
            let sum: f64 = (column..i).map(|k| a[i * n + k] * x[k]).sum();
            x[i] = (f64::from(u8::from(i == column)) - sum) / a[i * n + i];
        }
        for i in (column..n).rev() {
            let sum: f64 = (i + 1..n).map(|k| a[k * n + i] * x[k]).sum();
            x[i] = (x[i] - sum) / a[i * n + i];
            (out[i * n + column], out[column * n + i]) = (x[i], x[i]);
        }
    }
    Some(out)
}

fn transposed(a: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; a.len()];
    out.par_chunks_exact_mut(rows).enumerate().for_each(|(column, out)| {
        out.iter_mut().zip(a.iter().skip(column).step_by(columns)).for_each(|(x, y)| *x = *y);
    });
    out
}

/// `out += scale * a @ b`; `a` is stored as it is, or with its sides swapped.
///
/// # Shapes
/// `a: [rows, inner]`, `b: [inner, columns]`, `out: [rows, columns]`.
fn add_product(
    (rows, inner, columns): (usize, usize, usize),
    scale: f64,
    (a, is_transposed): (&[f64], bool),
    b: &[f64],
    out: &mut [f64],
) {
    assert!(a.len() == rows * inner && b.len() == inner * columns && out.len() == rows * columns, "shapes");
    let (row_stride, inner_stride) = if is_transposed { (1, rows) } else { (inner, 1) };
    out.par_chunks_mut(ROWS * columns).enumerate().for_each(|(at, out)| {
        let a = &a[at * ROWS * row_stride..];
        #[expect(unsafe_code, reason = "the library's interface takes pointers and strides")]
        // SAFETY: the three lengths were checked above, and every stride stays within them.
        unsafe {
            matrixmultiply::dgemm(
                out.len() / columns,
                inner,
                columns,
                scale,
                a.as_ptr(),
                row_stride as isize,
                inner_stride as isize,
                b.as_ptr(),
                columns as isize,
                1,
                1.0,
                out.as_mut_ptr(),
                columns as isize,
                1,
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// X'X + I of numbers that follow from their places.
    fn positive_definite(n: usize) -> Vec<f64> {
        let x = |i: usize, j: usize| (((i * 31 + j * 17) % 23) as f64 - 11.0) / 7.0;
        let cell = |at: usize| {
            let (i, j) = (at / n, at % n);
            (0..9).map(|k| x(i, k) * x(j, k)).sum::<f64>() + f64::from(u8::from(i == j))
        };
        (0..n * n).map(cell).collect()
    }

    #[test]
    fn a_matrix_times_its_inverse_is_one_and_threads_change_nothing() {
        for n in [0, 1, 5, 48, 49, 131, 300] {
            let matrix = positive_definite(n);
            let on = |n_threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                let mut inverse = matrix.clone();
                assert!(pool.install(|| invert_positive_definite(&mut inverse, n)));
                inverse
            };
            let inverse = on(1);
            assert_eq!(inverse, on(3));
            for (i, row) in matrix.chunks_exact(n.max(1)).enumerate() {
                for j in 0..n {
                    let cell: f64 =
                        row.iter().zip(inverse.iter().skip(j).step_by(n)).map(|(a, b)| a * b).sum();
                    let one = f64::from(u8::from(i == j));
                    assert!((cell - one).abs() < 1e-8, "{n}: {i} {j} {cell}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        for n in [1, 60] {
            let mut matrix = positive_definite(n);
            matrix[n * n - 1] = -1.0;
            assert!(!invert_positive_definite(&mut matrix, n));
        }
        assert!(!invert_positive_definite(&mut [f64::NAN], 1));
    }
}
