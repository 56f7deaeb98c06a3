//! Columns over the items, those apart that say the same of every item of a group.

use crate::items::ItemTable;

/// The columns of a matrix, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Split {
    /// Columns in which items of a group differ, in order of place.
    pub(super) own: Vec<(usize, Vec<f32>)>,
    /// The others, by group.
    pub(super) shared: Vec<(usize, Vec<f32>)>,
}

impl Split {
    pub(super) fn of<'a>(
        columns: impl Iterator<Item = &'a [f32]>,
        (items, order): (&ItemTable, &[u32]),
    ) -> Self {
        let mut split = Self::default();
        for (number, column) in columns.enumerate() {
            let mut by_group = vec![f32::NAN; items.groups.len()];
            let mut is_shared = true;
            for (&x, &group) in column.iter().zip(&items.group_of) {
                let seen = &mut by_group[group as usize];
                if seen.is_nan() {
                    *seen = x;
                }
                is_shared &= *seen == x;
            }
            if is_shared {
                // A group without items has no value, and needs none.
                by_group.iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = 0.0);
                split.shared.push((number, by_group));
            } else {
                let in_order = order.iter().map(|&item| column[item as usize]).collect();
                split.own.push((number, in_order));
            }
        }
        split
    }

    /// The shared part of the products with `weights`, by group.
    pub(super) fn product(&self, weights: impl Fn(usize) -> f32, n_groups: usize) -> Vec<f32> {
        let mut out = vec![0.0; n_groups];
        for (number, column) in &self.shared {
            kernels::add_scaled(&mut out, weights(*number), column);
        }
        out
    }

    pub(super) fn is_finite(&self) -> bool {
        self.own.iter().chain(&self.shared).all(|(_, column)| column.iter().all(|x| x.is_finite()))
    }
}
