//! Dense matrix products through one safe door.

/// How an operand lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Row-major as the shape says.
    Plain,
    /// Row-major in the transposed shape.
    Transposed,
}

/// `out = beta * out + a @ b` in f32, on the calling thread; each cell's value is the same however the caller
/// splits rows or columns over threads.
///
/// # Shapes
/// `a: [rows, inner]`, `b: [inner, columns]`, `out: [rows, columns]`; a transposed operand is stored with its
/// sides swapped.
///
/// # Panics
/// If a slice does not have the length that its shape says.
pub fn matmul(
    (rows, inner, columns): (usize, usize, usize),
    (a, a_layout): (&[f32], Layout),
    (b, b_layout): (&[f32], Layout),
    beta: f32,
    out: &mut [f32],
) {
    assert_eq!(a.len(), rows * inner, "left operand");
    assert_eq!(b.len(), inner * columns, "right operand");
    assert_eq!(out.len(), rows * columns, "result");
    let strides = |layout, rows: usize, columns: usize| match layout {
        Layout::Plain => (columns as isize, 1),
        Layout::Transposed => (1, rows as isize),
    };
    let (a_row, a_column) = strides(a_layout, rows, inner);
    let (b_row, b_column) = strides(b_layout, inner, columns);
    #[expect(unsafe_code, reason = "the library's interface takes pointers and strides")]
    // SAFETY: the three lengths were checked above, and every stride stays within them.
    unsafe {
        matrixmultiply::sgemm(
            rows,
            inner,
            columns,
            1.0,
            a.as_ptr(),
            a_row,
            a_column,
            b.as_ptr(),
            b_row,
            b_column,
            beta,
            out.as_mut_ptr(),
            columns as isize,
            1,
        );
    }
}
