//! What the log says of items.

use mdp::{Interaction, ItemIdx};
use std::fmt;

/// How far two items lie apart.
pub type Distance<'a> = &'a (dyn Fn(ItemIdx, ItemIdx) -> f64 + Sync);

/// How often items were taken up, by whom policies learn from.
#[derive(Clone)]
pub struct ItemFacts<'a> {
    /// How many users have each item in their history.
    pub(crate) popularity: Vec<usize>,
    /// Place by popularity from 1 (the most popular), items of equal popularity in one place; 0 for those without users.
    pub(crate) place: Vec<usize>,
    /// How many users have a history.
    pub(crate) n_users: usize,
    pub(crate) distance: Option<Distance<'a>>,
}

impl<'a> ItemFacts<'a> {
    /// Counts users: a history that has an item twice counts once. Items beyond the catalogue are left out.
    pub fn of_log<'h>(n_items: usize, histories: impl IntoIterator<Item = &'h [Interaction]>) -> Self {
        let (mut popularity, mut n_users) = (vec![0; n_items], 0);
        for history in histories {
            let mut items: Vec<usize> = history.iter().map(|interaction| interaction.item.index()).collect();
            items.sort_unstable();
            items.dedup();
            n_users += usize::from(!items.is_empty());
            for item in items.into_iter().filter(|&item| item < n_items) {
                popularity[item] += 1;
            }
        }
        let mut counts = popularity.clone();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts.dedup();
        let place_of =
            |count: &usize| if *count == 0 { 0 } else { counts.partition_point(|c| c > count) + 1 };
        let place = popularity.iter().map(place_of).collect();
        Self { popularity, place, n_users, distance: None }
    }

    /// With distances between items, which some metrics read.
    #[must_use]
    pub fn with_distance(self, distance: Distance<'a>) -> Self {
        Self { distance: Some(distance), ..self }
    }

    /// Size of the catalogue.
    pub fn n_items(&self) -> usize {
        self.popularity.len()
    }
}

impl fmt::Debug for ItemFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n_items, n_users) = (self.n_items(), self.n_users);
        write!(f, "ItemFacts {{ {n_items} items, {n_users} users, distance: {} }}", self.distance.is_some())
    }
}
