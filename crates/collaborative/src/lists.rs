//! Lists laid end to end.

use std::ops::Range;

/// Sorts values into lists by number, in the order in which they come: where each list ends, and the values.
///
/// # Panics
/// If a number is not below `n_lists`.
pub(crate) fn grouped<T: Copy + Default>(
    n_lists: usize,
    values: impl Iterator<Item = (u32, T)> + Clone,
) -> (Vec<usize>, Vec<T>) {
    let mut ends = vec![0; n_lists];
    values.clone().for_each(|(list, _)| ends[list as usize] += 1);
    let mut sum = 0;
    // Until the values are written, an end is the start of its list.
    ends.iter_mut().for_each(|end| (*end, sum) = (sum, sum + *end));
    let mut out = vec![T::default(); sum];
    for (list, value) in values {
        let at = &mut ends[list as usize];
        out[*at] = value;
        *at += 1;
    }
    (ends, out)
}

/// Where the values of a list are.
pub(crate) fn list(ends: &[usize], at: usize) -> Range<usize> {
    at.checked_sub(1).map_or(0, |before| ends[before])..ends[at]
}
