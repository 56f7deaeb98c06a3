//! Columns over the items, those apart that say the same of every item of a group.

use representation::ItemTable;

/// The columns of a matrix, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Split {
    /// Columns in which items of a group differ, in order of place.
    pub(super) own: Vec<(usize, Vec<f32>)>,
    /// The others, by group.
    pub(super) shared: Vec<(usize, Vec<f32>)>,
    /// What the others say of each group, without zeros: a group is of few of all categories.
    entries: Vec<(u32, f32)>,
    /// Where the entries of each group end.
    ends: Vec<u32>,
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
        for group in 0..items.groups.len() {
            let all = split.shared.iter().map(|(number, column)| (*number as u32, column[group]));
            split.entries.extend(all.filter(|(_, x)| *x != 0.0));
            split.ends.push(split.entries.len() as u32);
        }
        split
    }

    /// Numbers and values of the shared columns that are not zero, group by group.
    pub(super) fn groups(&self) -> impl Iterator<Item = &[(u32, f32)]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(&start, &end)| &self.entries[start as usize..end as usize])
    }

    /// The shared part of the products with `weights`, by group.
    pub(super) fn product(&self, weights: impl Fn(usize) -> f32) -> Vec<f32> {
        let product =
            |entries: &[(u32, f32)]| entries.iter().map(|&(k, x)| weights(k as usize) * x).sum::<f32>();
        self.groups().map(product).collect()
    }

    pub(super) fn is_finite(&self) -> bool {
        self.own.iter().chain(&self.shared).all(|(_, column)| column.iter().all(|x| x.is_finite()))
    }
}
