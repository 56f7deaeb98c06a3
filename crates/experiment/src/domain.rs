//! A dataset with the worlds fitted to it: what every later stage works on.

use crate::ExperimentError;
use artefact::Place;
use data::Dataset;
use data::split::LogSplit;
use demonstrations::{DemonstrationError, Demos, Inputs, Scene};
use environment::Environment;
use mdp::{Interaction, ItemIdx, UserIdx};
use representation::ItemTables;
use std::path::Path;
use world_model::World;

/// Dataset, world, and the log in the parts that the world was fitted on, and not.
#[derive(Debug)]
pub struct Domain {
    /// The whole log with its catalogue.
    pub dataset: Dataset,
    /// The train world and the judge, with the split of users.
    pub world: World,
    /// The part of the log that the train world and policies may see, the judge's, and the one that was kept.
    pub log: LogSplit,
    /// The hash of the dataset's content.
    pub dataset_hash: String,
    /// The hash of the world directory.
    pub world_hash: String,
    /// The item tables that learners fitted to its log.
    pub tables: ItemTables,
}

/// From this rating on an item of the judge's part of the log counts as liked in ranking metrics.
const LIKED: f32 = 4.0;

/// A user with the logged history that policies are given.
pub type UserHistory<'a> = (UserIdx, &'a [Interaction]);

impl Domain {
    /// Puts a dataset and a world together.
    ///
    /// # Errors
    /// When the world was made from another dataset.
    pub fn new(dataset: Dataset, world: World, world_hash: String) -> Result<Self, ExperimentError> {
        let log = world.log_split(&dataset)?;
        let dataset_hash = world.dataset_hash().to_owned();
        Ok(Self { dataset, world, log, dataset_hash, world_hash, tables: ItemTables::default() })
    }

    /// Opens both directories.
    ///
    /// # Errors
    /// When one is absent or damaged, or they do not belong together.
    pub fn open(data: &Path, world: &Path) -> Result<Self, ExperimentError> {
        let (dataset, _) = Dataset::open(data)?;
        let (world, artefact) = World::open(world)?;
        Self::new(dataset, world, artefact.hash())
    }

    /// Size of the catalogue.
    pub fn n_items(&self) -> usize {
        self.dataset.n_items()
    }

    /// The hashes of dataset and world, by which whatever is made from them is known again.
    pub fn hashes(&self) -> [&str; 2] {
        [&self.dataset_hash, &self.world_hash]
    }

    /// Users with their logged histories, whose later part only the judge has seen.
    pub fn with_histories(&self, users: &[UserIdx]) -> Vec<UserHistory<'_>> {
        users.iter().map(|&user| (user, &self.log.world[user.index()])).collect()
    }

    /// The Jaccard distance of two items' categories: the share of those of either that only one has; 0 where neither has any.
    pub(crate) fn category_distance(&self, a: ItemIdx, b: ItemIdx) -> f64 {
        let items = self.dataset.catalogue.items();
        let (a, b) = (&items[a.index()].categories, &items[b.index()].categories);
        let n_shared = a.iter().filter(|category| b.contains(category)).count();
        let n_all = a.len() + b.len() - n_shared;
        if n_all == 0 { 0.0 } else { 1.0 - n_shared as f64 / n_all as f64 }
    }

    /// What a user chose that ranking metrics ask for: where a part of the log was kept, all of it; else what the user liked in the
    /// judge's part.
    pub fn held_out(&self, user: UserIdx) -> Vec<ItemIdx> {
        let (part, from) = if self.keeps() { (&self.log.kept, 0.0) } else { (&self.log.judge, LIKED) };
        part[user.index()].iter().filter(|row| row.rating >= from).map(|row| row.item).collect()
    }

    /// What a user chose between the history and what ranking metrics ask for: where a part of the log was kept, the judge's.
    pub fn passed_over(&self, user: UserIdx) -> &[Interaction] {
        if self.keeps() { &self.log.judge[user.index()] } else { &[] }
    }

    fn keeps(&self) -> bool {
        self.log.kept.iter().any(|part| !part.is_empty())
    }

    /// Where demonstrations are played; `environment` answers as the train world.
    pub fn scene<'a>(&'a self, environment: &'a Environment) -> Scene<'a> {
        Scene {
            catalogue: &self.dataset.catalogue,
            user_ids: &self.dataset.users,
            histories: &self.log.world,
            environment,
        }
    }

    /// Writes demonstrations that were made in this domain, and gives the hash of their directory. `config` says how
    /// they were made.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save_demonstrations<'a>(
        &self,
        demos: &Demos,
        config: serde_json::Value,
        seed: u64,
        place: impl Into<Place<'a>>,
    ) -> Result<String, DemonstrationError> {
        let inputs = Inputs {
            dataset: self.dataset_hash.clone(),
            world: self.world_hash.clone(),
            catalogue: self.dataset.catalogue.hash(),
        };
        let sizes = (self.dataset.n_users(), self.dataset.n_items());
        Ok(demos.save(place, &inputs, sizes, seed, config)?.hash())
    }

    /// Opens demonstrations with the hash of their directory.
    ///
    /// # Errors
    /// When they are absent or damaged, or were made with another dataset.
    pub fn open_demonstrations(&self, path: &Path) -> Result<(Demos, String), DemonstrationError> {
        let (demos, artefact) = Demos::open_beside(path, &self.dataset_hash)?;
        Ok((demos, artefact.hash()))
    }
}
