//! What two years say about each other.

/// What two years say about each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Years {
    /// The same.
    Equal,
    /// One of them is not known.
    Unknown,
    /// So many years lie between.
    Apart(u16),
}

/// Compares two years.
pub(super) fn compare_years(a: Option<u16>, b: Option<u16>) -> Years {
    match (a, b) {
        (Some(a), Some(b)) if a == b => Years::Equal,
        (Some(a), Some(b)) => Years::Apart(a.abs_diff(b)),
        _ => Years::Unknown,
    }
}
