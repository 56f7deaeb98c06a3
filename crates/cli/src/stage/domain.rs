//! A dataset with the world fitted to it: what every later stage works on.

use crate::failure::Failure;
use ::data::Dataset;
use ::data::split::LogSplit;
use artefact::Claim;
use mdp::{Interaction, UserIdx};
use std::path::Path;
use world_model::{World, WorldConfig};

/// Dataset, world, and the log in the two parts that the world was fitted on.
#[derive(Debug)]
pub(crate) struct Domain {
    pub(crate) dataset: Dataset,
    pub(crate) world: World,
    pub(crate) log: LogSplit,
    /// The hash of the dataset's content.
    pub(crate) dataset_hash: String,
    /// The hash of the world directory.
    pub(crate) world_hash: String,
}

/// A user with the history that policies are given.
pub(crate) type WithHistory<'a> = (UserIdx, &'a [Interaction]);

impl Domain {
    /// Opens both directories and checks that they belong together.
    pub(crate) fn open(data: &Path, world: &Path) -> Result<Self, Failure> {
        let (dataset, _) = Dataset::open(data)?;
        let (world, artefact) = World::open(world)?;
        Self::of(dataset, world, artefact.hash())
    }

    /// Puts an opened dataset and world together.
    pub(crate) fn of(dataset: Dataset, world: World, world_hash: String) -> Result<Self, Failure> {
        let log = world.log_split(&dataset)?;
        let dataset_hash = dataset.hash();
        Ok(Self { dataset, world, log, dataset_hash, world_hash })
    }

    /// Fits a world and writes its directory; `watch` is told what is being done.
    pub(crate) fn fit_world(
        dataset: &Dataset,
        config: &WorldConfig,
        seed: u64,
        claim: &Claim,
        watch: &mut dyn FnMut(&'static str),
    ) -> Result<(World, String), Failure> {
        let world = World::train_watched(dataset, config, seed, watch)?;
        let artefact = world.save(claim)?;
        Ok((world, artefact.hash()))
    }

    /// Size of the catalogue.
    pub(crate) fn n_items(&self) -> usize {
        self.dataset.n_items()
    }

    /// Users with their logged histories.
    pub(crate) fn with_histories(&self, users: &[UserIdx]) -> Vec<WithHistory<'_>> {
        users.iter().map(|&user| (user, &self.log.world[user.index()])).collect()
    }
}
