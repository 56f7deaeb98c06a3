//! Where labels stand so that none covers another.

/// Places for labels that want to stand at `wanted`, at least `gap` apart within `from..=to`, moved as little as it
/// takes; their order is kept. Where there is no room for such gaps they are as wide as the room allows.
pub fn spread(wanted: &[f64], gap: f64, (from, to): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]).then(a.cmp(&b)));
    let room = (to - from) / wanted.len().saturating_sub(1).max(1) as f64;
    let gap = gap.min(room);
    // Without the gaps the places have to be in order, nothing more: neighbours out of order share their mean.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (k, &at) in order.iter().enumerate() {
        pools.push((wanted[at] - gap * k as f64, 1));
        while let [.., (before, n_before), (last, n_last)] = pools.as_slice()
            && before > last
        {
            let n = n_before + n_last;
            let mean = (before * *n_before as f64 + last * *n_last as f64) / n as f64;
            pools.truncate(pools.len() - 2);
            pools.push((mean, n));
        }
    }
    let highest = to - gap * wanted.len().saturating_sub(1) as f64;
    let flat =
        pools.iter().flat_map(|&(place, n)| std::iter::repeat_n(place.clamp(from, highest.max(from)), n));
    let mut places = vec![0.0; wanted.len()];
    for (k, (place, &at)) in flat.zip(&order).enumerate() {
        places[at] = place + gap * k as f64;
    }
    places
}
