//! Which items each user chose, and which users chose each item.

use crate::lists::{grouped, list};
use mdp::ItemIdx;

/// A binary matrix of users and items, by rows and by columns. A choice counts once, however often it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    of_user: Sparse,
    of_item: Sparse,
    /// How much each user counts, `[users]`.
    weights: Vec<f64>,
}

/// Lists end to end.
#[derive(Clone, Debug, PartialEq)]
struct Sparse {
    ends: Vec<usize>,
    values: Vec<u32>,
}

impl Sparse {
    fn row(&self, at: usize) -> &[u32] {
        &self.values[list(&self.ends, at)]
    }
}

impl Choices {
    /// The choices of users, one iterator a user, in a catalogue of `n_items`.
    ///
    /// # Panics
    /// If an item lies beyond the catalogue.
    pub fn new<I: IntoIterator<Item = ItemIdx>>(users: impl IntoIterator<Item = I>, n_items: usize) -> Self {
        Self::weighted(users.into_iter().map(|items| (1.0, items)), n_items)
    }

    /// The same, with how much each user counts before their choices. Only [`ease`](crate::ease) and [`Choices::weight`] look
    /// at it.
    ///
    /// # Panics
    /// If an item lies beyond the catalogue.
    pub fn weighted<I: IntoIterator<Item = ItemIdx>>(
        users: impl IntoIterator<Item = (f64, I)>,
        n_items: usize,
    ) -> Self {
        let (mut ends, mut values, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for (weight, user) in users {
            weights.push(weight);
            let mut items: Vec<u32> = user.into_iter().map(|item| item.0).collect();
            items.sort_unstable();
            items.dedup();
            values.extend(items);
            ends.push(values.len());
        }
        let of_user = Sparse { ends, values };
        let cells = (0..).zip(0..of_user.ends.len());
        let cells = cells.flat_map(|(user, at)| of_user.row(at).iter().map(move |&item| (item, user)));
        let (ends, values) = grouped(n_items, cells);
        Self { of_item: Sparse { ends, values }, of_user, weights }
    }

    /// How many users.
    pub fn n_users(&self) -> usize {
        self.of_user.ends.len()
    }

    /// Size of the catalogue.
    pub fn n_items(&self) -> usize {
        self.of_item.ends.len()
    }

    /// How many choices.
    pub fn len(&self) -> usize {
        self.of_user.values.len()
    }

    /// Whether nobody chose anything.
    pub fn is_empty(&self) -> bool {
        self.of_user.values.is_empty()
    }

    /// What a user chose, in order of rows.
    pub fn items_of(&self, user: usize) -> &[u32] {
        self.of_user.row(user)
    }

    /// Who chose an item, in order of rows.
    pub fn users_of(&self, item: usize) -> &[u32] {
        self.of_item.row(item)
    }

    /// How much a user counts.
    pub fn weight(&self, user: usize) -> f64 {
        self.weights[user]
    }

    /// How many users chose each item, `[items]`.
    pub fn counts(&self) -> Vec<u32> {
        (0..self.n_items()).map(|item| self.users_of(item).len() as u32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_say_the_same() {
        let users: [&[u32]; 4] = [&[3, 1, 3], &[], &[0, 3], &[1]];
        let choices = Choices::new(users.map(|items| items.iter().copied().map(ItemIdx)), 5);
        assert_eq!((choices.n_users(), choices.n_items(), choices.len()), (4, 5, 5));
        assert_eq!([0, 1, 2, 3].map(|user| choices.items_of(user)), [&[1, 3][..], &[], &[0, 3], &[1]]);
        assert_eq!(
            [0, 1, 2, 3, 4].map(|item| choices.users_of(item)),
            [&[2][..], &[0, 3], &[], &[0, 2], &[]]
        );
        assert_eq!(choices.counts(), [1, 2, 0, 2, 0]);
    }
}
