//! Scores of all items, the best of them, and single features.

use super::buffer_pool::Column;
use super::scoring_pass::ScoringPass;
use kernels::add_scaled;
use mdp::{ItemIdx, ItemSet};
use representation::{Feature, N_FEATURES};

impl ScoringPass<'_> {
    /// The logit of every item, minus infinity for `unavailable` ones.
    pub fn scores(&self, unavailable: &ItemSet) -> Vec<f32> {
        let partial = self.without_text();
        let items = self.index.items();
        let weight = self.weight(Feature::TextMatch);
        let mut out = vec![0.0; partial.len()];
        for ((x, &place), row) in out.iter_mut().zip(&self.index.place_of).zip(0u32..) {
            let text = self.session.text_match(items, ItemIdx(row));
            *x = text.mul_add(weight, partial[place as usize]);
        }
        unavailable.iter().for_each(|item| out[item.index()] = f32::NEG_INFINITY);
        out
    }

    /// The `k` items of the highest logits with these, highest first, of equals the first. Fewer where fewer are left.
    /// Where scores are not finite, one that is no number says so.
    pub fn best(&self, k: usize, unavailable: &ItemSet) -> Vec<(ItemIdx, f32)> {
        let mut partial = self.without_text();
        if !partial.iter().fold(true, |all, x| all & x.is_finite()) {
            return vec![(ItemIdx(0), f32::NAN)];
        }
        unavailable.iter().for_each(|item| partial[self.index.place(item)] = f32::NEG_INFINITY);
        let k = k.min(self.index.order.len() - unavailable.len());
        if k == 0 {
            return Vec::new();
        }
        // A text moves a score by its weight times its length at most.
        let reach = self.weight(Feature::TextMatch).abs() * self.index.longest_text * 1.0001 + 1e-6;
        let bar = lowest_of_best(&partial, k) - 2.0 * reach;
        let mut candidates: Vec<(f32, u32)> = partial
            .iter()
            .zip(&self.index.order)
            .filter(|(x, _)| **x >= bar)
            .map(|(x, &i)| (*x, i))
            .collect();
        candidates.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut best: Vec<(ItemIdx, f32)> = Vec::with_capacity(k + 1);
        for (x, row) in candidates {
            if x == f32::NEG_INFINITY || best.get(k - 1).is_some_and(|last| x + reach < last.1) {
                break;
            }
            let text = self.session.text_match(self.index.items(), ItemIdx(row));
            let own = (ItemIdx(row), text.mul_add(self.weight(Feature::TextMatch), x));
            let after = |other: &(ItemIdx, f32)| other.1 > own.1 || (other.1 == own.1 && other.0 < own.0);
            best.insert(best.partition_point(after), own);
            best.truncate(k);
        }
        best
    }

    /// The features of one item, in the order of [`Feature::ALL`].
    pub fn features(&self, item: ItemIdx) -> [f32; N_FEATURES] {
        let (place, items) = (self.index.place(item), &self.index.items);
        let group = items.group_of[item.index()] as usize;
        let mut out = [0.0; N_FEATURES];
        let mut put = |feature: Feature, x: f32| out[feature.index()] = x;
        self.by_place.iter().for_each(|(feature, column)| put(*feature, column[place]));
        self.by_group.iter().for_each(|(feature, column)| put(*feature, column[group]));
        self.everywhere.iter().for_each(|(feature, x)| put(*feature, *x));
        Feature::FIXED
            .into_iter()
            .zip(&items.fixed)
            .for_each(|(feature, column)| put(feature, column[item.index()]));
        put(Feature::TextMatch, self.session.text_match(items, item));
        out
    }

    /// The mean of every feature over what is available, in the order of [`Feature::ALL`].
    pub fn typical(&self, unavailable: &ItemSet) -> [f32; N_FEATURES] {
        let index = self.index;
        let n_left = (index.order.len() - unavailable.len()).max(1) as f32;
        let mut is_left = Column::filled(1.0, index.order.len());
        let mut n_of_group = index.n_of_group.clone();
        for item in unavailable.iter() {
            is_left[index.place(item)] = 0.0;
            n_of_group[index.items.group_of[item.index()] as usize] -= 1.0;
        }
        let over_items = |column: &[f32]| kernels::dot_long(&is_left, column) / n_left;
        let over_groups = |column: &[f32]| kernels::dot_long(&n_of_group, column) / n_left;
        let mut out = [0.0; N_FEATURES];
        let mut put = |feature: Feature, x: f32| out[feature.index()] = x;
        self.by_place.iter().for_each(|(feature, column)| put(*feature, over_items(column)));
        self.by_group.iter().for_each(|(feature, column)| put(*feature, over_groups(column)));
        self.everywhere.iter().for_each(|(feature, x)| put(*feature, *x));
        index.fixed.own.iter().for_each(|(at, column)| put(Feature::FIXED[*at], over_items(column)));
        index.fixed.shared.iter().for_each(|(at, column)| put(Feature::FIXED[*at], over_groups(column)));
        put(Feature::TextMatch, self.typical_text(unavailable) / n_left);
        out
    }

    /// The sum of the available items' text matches: from the sum of all or from nothing, whichever is less work.
    fn typical_text(&self, unavailable: &ItemSet) -> f32 {
        let items = self.index.items();
        let n_items = self.index.order.len();
        let sum = if unavailable.len() <= n_items / 2 {
            let mut sum = self.index.text_sum.clone();
            unavailable.iter().for_each(|item| add_scaled(&mut sum, -1.0, items.text(item)));
            sum
        } else {
            let mut sum = vec![0.0; items.text_width];
            let left = (0..n_items as u32).map(ItemIdx).filter(|item| !unavailable.contains(*item));
            left.for_each(|item| add_scaled(&mut sum, 1.0, items.text(item)));
            sum
        };
        let (liked, length) = self.session.log_text();
        kernels::dot(&sum, liked) / length
    }

    /// Logits but for what texts add, in order of place.
    fn without_text(&self) -> Column {
        let index = self.index;
        let fixed = |at: usize| self.weight(Feature::FIXED[at]);
        let mut by_group = index.fixed.product(fixed);
        for (feature, column) in &self.by_group {
            add_scaled(&mut by_group, self.weight(*feature), column);
        }
        for (feature, x) in &self.everywhere {
            let own = self.weight(*feature) * x;
            by_group.iter_mut().for_each(|sum| *sum += own);
        }
        let mut out = Column::unwritten(index.order.len());
        for tile in &index.tiles {
            let places = tile.places.clone();
            let out = &mut out[places.clone()];
            tile.spread(&by_group, out);
            for (feature, column) in &self.by_place {
                add_scaled(out, self.weight(*feature), &column[places.clone()]);
            }
            for (at, column) in &index.fixed.own {
                add_scaled(out, fixed(*at), &column[places.clone()]);
            }
        }
        out
    }

    fn weight(&self, feature: Feature) -> f32 {
        feature.of(&self.weights)
    }
}

/// The `k`-th largest number.
fn lowest_of_best(values: &[f32], k: usize) -> f32 {
    let mut best: Vec<f32> = Vec::with_capacity(k + 1);
    let mut bar = f32::NEG_INFINITY;
    for chunk in values.chunks(16) {
        // Most chunks have nothing above the bar; to see that takes one comparison of each number.
        if best.len() < k || chunk.iter().fold(false, |any, &x| any | (x > bar)) {
            for &x in chunk {
                if best.len() < k || x > bar {
                    best.insert(best.partition_point(|&other| other >= x), x);
                    best.truncate(k);
                    bar = best.last().copied().unwrap_or(bar);
                }
            }
        }
    }
    bar
}
