//! What a run learns from.

use crate::LearningError;
use catalogue::Catalogue;
use environment::Environment;
use mdp::{Interaction, ItemIdx, Trajectory, UserIdx};
use representation::{ItemTable, ItemTables, TasteConfig};
use std::sync::Arc;

/// A user with their logged history, oldest first.
pub type User<'a> = (UserIdx, &'a [Interaction]);

/// What a run learns from. Test users and the judge are nowhere in it.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The items.
    pub catalogue: &'a Catalogue,
    /// The world to train in.
    pub environment: &'a Environment,
    /// Users whose sessions may be run for learning, with their logged histories.
    pub train: &'a [User<'a>],
    /// Users whose sessions select the policy that is kept.
    pub validation: &'a [User<'a>],
    /// Users without a log who may demonstrate.
    pub demonstrators: &'a [UserIdx],
    /// Demonstrations; those of users who are neither among `train` nor `demonstrators` are left out by whoever learns from them.
    pub demonstrations: &'a [Demonstrated],
    /// What was fitted to the logs of these users before, by this run or another one.
    pub tables: &'a ItemTables,
}

/// A demonstrated session with the name it keeps all the way to weights and explanations.
#[derive(Clone, Debug, PartialEq)]
pub struct Demonstrated {
    /// The demonstration's id.
    pub id: String,
    /// What was shown to whom, and what came of it in the train world.
    pub session: Trajectory,
    /// How likely the expert found what it chose among: a list for each step, empty for steps for which nothing was scored;
    /// no lists at all where that is every step.
    pub slates: Vec<Vec<ScoredItem>>,
}

/// An item that an expert scored by likelihood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredItem {
    /// Which.
    pub item: ItemIdx,
    /// Its log-probability after the user's history (natural logarithm).
    pub log_prob: f64,
    /// How much the history raised that.
    pub lift: f64,
}

impl Inputs<'_> {
    /// Refuses what nobody can learn from.
    ///
    /// # Errors
    /// When catalogue and environment have not the same number of items, or there are no users to train or to
    /// validate with.
    pub fn check(&self) -> Result<(), LearningError> {
        let (catalogue, environment) = (self.catalogue.len(), self.environment.n_items());
        if catalogue != environment {
            return Err(LearningError::WrongCatalogue { catalogue, environment });
        }
        for (name, users) in [("training", self.train), ("validation", self.validation)] {
            if users.is_empty() {
                return Err(LearningError::NoUsers(name));
            }
        }
        Ok(())
    }

    /// The items with a taste model fitted to the logs of training users; fitted once, whoever asks.
    pub fn item_table(&self, config: &TasteConfig, seed: u64) -> Arc<ItemTable> {
        let logged: Vec<&[Interaction]> = self.train.iter().map(|(_, history)| *history).collect();
        self.tables.fitted(self.catalogue, &logged, config, seed)
    }

    /// Refuses to learn from demonstrations where there are none.
    ///
    /// # Errors
    /// When none shows anything to a training user.
    pub fn check_demonstrations(&self) -> Result<(), LearningError> {
        let n_demonstrations = self.demonstrations.len();
        let none = || LearningError::NoDemonstrations { n_demonstrations };
        self.usable().next().map(drop).ok_or_else(none)
    }

    /// The logged histories of those whose demonstrations may be learned from; of `demonstrators`, nothing is logged.
    pub fn histories(&self) -> std::collections::BTreeMap<UserIdx, &[Interaction]> {
        let nothing: &[Interaction] = &[];
        self.demonstrators.iter().map(|user| (*user, nothing)).chain(self.train.iter().copied()).collect()
    }

    /// The demonstrations that show something to a training user, with their places in `demonstrations`.
    pub fn usable(&self) -> impl Iterator<Item = (usize, &Demonstrated)> {
        let users: std::collections::BTreeSet<UserIdx> =
            self.train.iter().map(|(user, _)| *user).chain(self.demonstrators.iter().copied()).collect();
        let is_usable =
            move |demo: &Demonstrated| users.contains(&demo.session.user) && !demo.session.steps.is_empty();
        self.demonstrations.iter().enumerate().filter(move |(_, demo)| is_usable(demo))
    }
}
