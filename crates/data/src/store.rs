//! A dataset as an immutable directory: three Parquet tables and `dataset.json`.

mod columns;
mod meaning;
mod pages;
mod read;
mod write;

pub(crate) use columns::{BLOCK, Column, ColumnValues, ParquetTable};

use crate::{Clock, DataError, Dataset, ImportReport, Problem};
use artefact::{Artefact, Draft, Kind, Place};
use serde::{Deserialize, Serialize};
use std::path::Path;

const ITEMS: &str = "items.parquet";
const USERS: &str = "users.parquet";
const INTERACTIONS: &str = "interactions.parquet";
const FACTS: &str = "dataset.json";

/// `dataset.json`: what the tables do not say.
#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    n_users: u64,
    n_items: u64,
    n_interactions: u64,
    clock: Clock,
    hash: String,
    import: ImportReport,
}

impl Dataset {
    /// Writes the dataset as an artefact directory. `config` is what it was made with.
    ///
    /// # Errors
    /// When the disk refuses, or something that is not an artefact stands in the way.
    pub fn save<'a>(
        &self,
        place: impl Into<Place<'a>>,
        seed: u64,
        config: serde_json::Value,
    ) -> Result<Artefact, DataError> {
        let mut draft = Draft::new(Kind::Dataset, place, seed, config)?;
        draft.input("catalogue", &self.catalogue.hash());
        write::items(self, &draft.file(ITEMS))?;
        write::users(self, &draft.file(USERS))?;
        write::interactions(self, &draft.file(INTERACTIONS))?;
        let facts = Facts {
            n_users: self.n_users() as u64,
            n_items: self.n_items() as u64,
            n_interactions: self.n_interactions() as u64,
            clock: self.clock(),
            hash: self.hash(),
            import: self.report.clone(),
        };
        draft.write_json(FACTS, &facts)?;
        Ok(draft.seal()?)
    }

    /// Opens a directory that [`Dataset::save`] wrote and checks everything: file hashes, columns, ids, rows in
    /// range, time order, ratings within 1 to 5.
    ///
    /// # Errors
    /// When it is absent, not a dataset, or damaged.
    pub fn open(path: &Path) -> Result<(Self, Artefact), DataError> {
        let artefact = Artefact::open(Kind::Dataset, path)?;
        let facts: Facts = artefact.read_json(FACTS)?;
        let catalogue = read::items(&artefact.file(ITEMS)?, facts.n_items)?;
        let users = read::users(&artefact.file(USERS)?, facts.n_users)?;
        let log = read::interactions(&artefact.file(INTERACTIONS)?, users.len(), facts.n_interactions)?;
        let fail = |problem| DataError::new(problem, path);
        let mut dataset =
            Self::from_parts(catalogue, users, log.offsets, log.interactions, facts.clock).map_err(fail)?;
        if let Some(propensities) = log.propensities {
            dataset = dataset.with_propensities(propensities).map_err(fail)?;
        }
        if dataset.hash() != facts.hash {
            return Err(DataError::new(
                Problem::Damaged("the tables do not match dataset.json".into()),
                path,
            ));
        }
        dataset.report = facts.import;
        Ok((dataset, artefact))
    }
}
