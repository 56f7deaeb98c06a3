//! Scores of all items, the best of them, and single features.

use super::buffer_pool::Column;
use super::scoring_pass::{
    CONTENT, DEVIATION, FIXED, LOG_STAY, NEAREST, PREDICTED, SATURATION, ScoringPass, TEXT,
};
use crate::tracker::{FAR, N_FEATURES};
use kernels::add_scaled;
use mdp::{ItemIdx, ItemSet};

impl ScoringPass<'_> {
    /// The logit of every item, minus infinity for `unavailable` ones.
    pub fn scores(&self, unavailable: &ItemSet) -> Vec<f32> {
        let partial = self.without_text();
        let items = self.index.items();
        let weight = self.weights[TEXT];
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
        let reach = self.weights[TEXT].abs() * self.index.longest_text * 1.0001 + 1e-6;
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
            let own = (ItemIdx(row), text.mul_add(self.weights[TEXT], x));
            let after = |other: &(ItemIdx, f32)| other.1 > own.1 || (other.1 == own.1 && other.0 < own.0);
            best.insert(best.partition_point(after), own);
            best.truncate(k);
        }
        best
    }

    /// The features of one item.
    pub fn features(&self, item: ItemIdx) -> [f32; N_FEATURES] {
        let (place, index) = (self.index.place(item), self.index);
        let group = index.items.group_of[item.index()] as usize;
        let mut out = [0.0; N_FEATURES];
        out[PREDICTED] = self.columns.predicted[place];
        out[DEVIATION] = self.columns.deviation[place];
        out[LOG_STAY] = self.columns.log_stay[place];
        for (number, column) in index.items.fixed.iter().enumerate() {
            out[FIXED + number] = column[item.index()];
        }
        out[CONTENT] = self.content[group];
        out[NEAREST] = self.columns.nearest.get(place).copied().unwrap_or(FAR);
        out[SATURATION] = self.saturation[group];
        out[TEXT] = self.session.text_match(&index.items, item);
        out
    }

    /// The mean of every feature over what is available.
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
        out[PREDICTED] = over_items(&self.columns.predicted);
        out[DEVIATION] = over_items(&self.columns.deviation);
        out[LOG_STAY] = over_items(&self.columns.log_stay);
        index.fixed.own.iter().for_each(|(number, column)| out[FIXED + number] = over_items(column));
        index.fixed.shared.iter().for_each(|(number, column)| out[FIXED + number] = over_groups(column));
        out[CONTENT] = over_groups(&self.content);
        out[NEAREST] = if self.columns.nearest.is_empty() { FAR } else { over_items(&self.columns.nearest) };
        out[SATURATION] = over_groups(&self.saturation);
        out[TEXT] = self.typical_text(unavailable) / n_left;
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
        let (liked, length) = &self.session.log_text;
        kernels::dot(&sum, liked) / length
    }

    /// Logits but for what texts add, in order of place.
    fn without_text(&self) -> Column {
        let Self { index, weights, columns, .. } = self;
        let fixed = |number: usize| weights[FIXED + number];
        let mut by_group = index.fixed.product(fixed);
        add_scaled(&mut by_group, weights[CONTENT], &self.content);
        add_scaled(&mut by_group, weights[SATURATION], &self.saturation);
        if columns.nearest.is_empty() {
            by_group.iter_mut().for_each(|x| *x += weights[NEAREST] * FAR);
        }
        let mut out = Column::unwritten(index.order.len());
        for tile in &index.tiles {
            let places = tile.places.clone();
            let out = &mut out[places.clone()];
            tile.spread(&by_group, out);
            add_scaled(out, weights[PREDICTED], &columns.predicted[places.clone()]);
            add_scaled(out, weights[DEVIATION], &columns.deviation[places.clone()]);
            add_scaled(out, weights[LOG_STAY], &columns.log_stay[places.clone()]);
            if let Some(nearest) = columns.nearest.get(places.clone()) {
                add_scaled(out, weights[NEAREST], nearest);
            }
            for (number, column) in &index.fixed.own {
                add_scaled(out, fixed(*number), &column[places.clone()]);
            }
        }
        out
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
