//! What having chosen one item says about every other: a sparse matrix, whatever it was fitted by.

use crate::lists::{grouped, list};
use mdp::ItemIdx;
use rayon::prelude::*;

/// Weights from items to items. A user's score of an item is the sum of the weights from what they chose.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemItem {
    /// Where the list of each item ends, `[items]`.
    ends: Vec<usize>,
    /// What it says something about, in order of rows.
    targets: Vec<u32>,
    /// And what.
    weights: Vec<f32>,
}

impl ItemItem {
    /// The weights that `column` works out for each item: from every item to this one, `[items]`, of which the
    /// `n_neighbours` of the largest absolute value count, the first of equals, and none that is zero.
    pub(crate) fn of_columns(
        n_items: usize,
        n_neighbours: usize,
        column: impl Fn(usize, &mut Vec<f32>) + Sync,
    ) -> Self {
        let strongest = |item: usize| {
            let mut weights = vec![0.0f32; n_items];
            column(item, &mut weights);
            let mut all: Vec<(u32, f32)> = (0..).zip(weights).filter(|(_, weight)| *weight != 0.0).collect();
            let stronger =
                |a: &(u32, f32), b: &(u32, f32)| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0));
            if all.len() > n_neighbours {
                all.select_nth_unstable_by(n_neighbours, stronger);
                all.truncate(n_neighbours);
            }
            all
        };
        let columns: Vec<Vec<(u32, f32)>> = (0..n_items).into_par_iter().map(strongest).collect();
        let cells = (0u32..).zip(&columns).flat_map(|(target, column)| {
            column.iter().map(move |&(source, weight)| (source, (target, weight)))
        });
        let (ends, cells) = grouped(n_items, cells);
        let (targets, weights) = cells.into_iter().unzip();
        Self { ends, targets, weights }
    }

    /// The parts of a matrix that was fitted before: where the list of each item ends, what it says something about, and
    /// what.
    ///
    /// # Errors
    /// Where they do not make a matrix, in words.
    pub fn from_parts(ends: Vec<usize>, targets: Vec<u32>, weights: Vec<f32>) -> Result<Self, &'static str> {
        let n_items = ends.len();
        if !ends.is_sorted() || ends.last().copied().unwrap_or(0) != targets.len() {
            return Err("the lists do not end where the weights do");
        }
        if targets.len() != weights.len() || targets.iter().any(|target| *target as usize >= n_items) {
            return Err("a weight without an item");
        }
        if weights.iter().any(|weight| !weight.is_finite()) {
            return Err("a weight that is not finite");
        }
        Ok(Self { ends, targets, weights })
    }

    /// Where the list of each item ends, what it says something about, and what.
    pub fn parts(&self) -> (&[usize], &[u32], &[f32]) {
        (&self.ends, &self.targets, &self.weights)
    }

    /// No item says anything about another.
    pub fn empty(n_items: usize) -> Self {
        Self { ends: vec![0; n_items], targets: Vec::new(), weights: Vec::new() }
    }

    /// Whether each list names its items in ascending order, as fitted ones do and [`ItemItem::weight`] needs.
    pub fn is_sorted(&self) -> bool {
        (0..self.n_items()).all(|item| self.targets[list(&self.ends, item)].is_sorted())
    }

    /// What having chosen `from` says about `to`, 0 where they are no neighbours.
    pub fn weight(&self, from: ItemIdx, to: ItemIdx) -> f32 {
        let list = list(&self.ends, from.index());
        let at = self.targets[list.clone()].binary_search(&to.0);
        at.map_or(0.0, |at| self.weights[list.start + at])
    }

    /// Size of the catalogue.
    pub fn n_items(&self) -> usize {
        self.ends.len()
    }

    /// This model, but for the items of which `is_other` is true: what is said about those is what `other` says.
    ///
    /// # Panics
    /// If the catalogues differ in size.
    #[must_use]
    pub fn with_columns_of(&self, other: &Self, is_other: impl Fn(ItemIdx) -> bool) -> Self {
        assert_eq!(self.n_items(), other.n_items(), "two models of one catalogue");
        let mut out =
            Self { ends: Vec::with_capacity(self.n_items()), targets: Vec::new(), weights: Vec::new() };
        for item in 0..self.n_items() {
            let said = |model: &Self, others: bool| {
                let list = list(&model.ends, item);
                let said =
                    model.targets[list.clone()].iter().copied().zip(model.weights[list].iter().copied());
                said.filter(|(target, _)| is_other(ItemIdx(*target)) == others).collect::<Vec<_>>()
            };
            let mut all = said(self, false);
            all.extend(said(other, true));
            all.sort_unstable_by_key(|(target, _)| *target);
            out.targets.extend(all.iter().map(|(target, _)| *target));
            out.weights.extend(all.iter().map(|(_, weight)| *weight));
            out.ends.push(out.targets.len());
        }
        out
    }

    /// Adds what having chosen `item` says about every other, times `scale`, to scores, `[items]`.
    pub fn add(&self, item: ItemIdx, scale: f32, scores: &mut [f32]) {
        let list = list(&self.ends, item.index());
        for (&target, &weight) in self.targets[list.clone()].iter().zip(&self.weights[list]) {
            scores[target as usize] += scale * weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_about_some_items_may_be_another_models() {
        let model = ItemItem::from_parts(vec![2, 2, 3], vec![1, 2, 0], vec![0.5, 0.25, -1.0]).unwrap();
        let other = ItemItem::from_parts(vec![1, 3, 3], vec![1, 0, 2], vec![4.0, 5.0, 6.0]).unwrap();
        let mixed = model.with_columns_of(&other, |item| item == ItemIdx(1));
        assert_eq!(mixed.parts(), (&[2, 2, 3][..], &[1, 2, 0][..], &[4.0, 0.25, -1.0][..]));
    }

    #[test]
    fn parts_that_make_no_matrix_are_refused() {
        let read = |ends: &[usize], targets: &[u32], weights: &[f32]| {
            ItemItem::from_parts(ends.to_vec(), targets.to_vec(), weights.to_vec())
        };
        let model = read(&[1, 1, 2], &[2, 0], &[0.5, -1.0]).unwrap();
        let mut scores = [0.0; 3];
        (0..3).for_each(|item| model.add(ItemIdx(item), 2.0, &mut scores));
        assert_eq!(scores, [-2.0, 0.0, 1.0]);
        assert!(model.is_sorted() && ItemItem::empty(3).is_sorted());
        assert_eq!([0, 1, 2].map(|to| model.weight(ItemIdx(0), ItemIdx(to))), [0.0, 0.0, 0.5]);
        assert_eq!(ItemItem::empty(3).weight(ItemIdx(2), ItemIdx(0)), 0.0);
        assert!(read(&[], &[], &[]).is_ok());
        for (ends, targets, weights) in [
            (&[2, 1, 2][..], &[2, 0][..], &[0.5, 1.0][..]),
            (&[1, 1, 3], &[2, 0], &[0.5, 1.0]),
            (&[1, 1, usize::MAX], &[2, 0], &[0.5, 1.0]),
            (&[1, 1, 2], &[2, 3], &[0.5, 1.0]),
            (&[1, 1, 2], &[2, 0], &[0.5]),
            (&[1, 1, 2], &[2, 0], &[0.5, f32::NAN]),
            (&[], &[0], &[1.0]),
        ] {
            assert!(read(ends, targets, weights).is_err(), "{ends:?} {targets:?} {weights:?}");
        }
    }
}
