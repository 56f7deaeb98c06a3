//! Small symmetric systems in double precision.

/// Solves `a x = b` in place by Cholesky's method; `a: [n, n]` row-major and positive definite (only its lower
/// half is read and overwritten by the factor), `b: [n]` becomes `x`. A pivot that rounding made non-positive is
/// replaced by a tiny positive one.
pub(crate) fn solve_positive(a: &mut [f64], b: &mut [f64]) {
    let n = b.len();
    factorise(a, n);
    for row in 0..n {
        let known: f64 = (0..row).map(|k| a[row * n + k] * b[k]).sum();
        b[row] = (b[row] - known) / a[row * n + row];
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| a[k * n + row] * b[k]).sum();
        b[row] = (b[row] - known) / a[row * n + row];
    }
}

/// Overwrites the lower half of `a` by its Cholesky factor.
pub(crate) fn factorise(a: &mut [f64], n: usize) {
    for column in 0..n {
        for row in column..n {
            let known: f64 = (0..column).map(|k| a[row * n + k] * a[column * n + k]).sum();
            let rest = a[row * n + column] - known;
            a[row * n + column] =
                if row == column { rest.max(1e-12).sqrt() } else { rest / a[column * n + column] };
        }
    }
}

/// Inverts a positive definite `a: [n, n]`.
pub(crate) fn inverse_positive(a: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    for column in 0..n {
        let (mut copy, mut unit) = (a.to_vec(), vec![0.0; n]);
        unit[column] = 1.0;
        solve_positive(&mut copy, &mut unit);
        for row in 0..n {
            out[row * n + column] = unit[row];
        }
    }
    out
}
