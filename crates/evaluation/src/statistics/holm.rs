//! Many contrasts at once.

/// Holm's adjusted p values, in the order given: comparing each with 0.05 keeps the chance of any false finding among all
/// of them at 0.05, whatever they have in common. `p` holds every contrast that was named before the results were seen,
/// those without an effect too; leaving some out afterwards undoes it.
///
/// With p values ascending, p(1) to p(m): the adjusted p(i) is the largest over j <= i of min(1, (m - j + 1) p(j)).
///
/// # Source
/// Holm 1979.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest = 0.0f64;
    for (rank, &index) in order.iter().enumerate() {
        largest = largest.max(((p.len() - rank) as f64 * p[index]).min(1.0));
        adjusted[index] = largest;
    }
    adjusted
}
