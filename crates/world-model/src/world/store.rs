//! A world as an immutable directory.

use super::{FitReport, Judge, Train, World, WorldConfig};
use crate::complete::CompleteRows;
use crate::{DeepFmEnsemble, Factorisation, ItemCategories, WorldError};
use artefact::{Artefact, Draft, Kind, Tensors};
use catalogue::Catalogue;
use data::split::UserSplit;
use mdp::UserIdx;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

const FACTS: &str = "world.json";
const CATALOGUE: &str = "catalogue.json";
const WEIGHTS: &str = "weights.safetensors";

/// `world.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    n_users: usize,
    split: UserSplit,
    item_counts: Vec<u32>,
    fit: FitReport,
}

impl World {
    /// Writes the directory aside and renames it to `path`.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save(&self, path: &Path) -> Result<Artefact, WorldError> {
        let config = serde_json::to_value(&self.config).expect("settings are plain data");
        let mut draft = Draft::new(Kind::World, path, self.seed, config)?;
        draft.input("dataset", &self.dataset_hash);
        draft.input("catalogue", &self.catalogue.hash());
        let facts = Facts {
            n_users: self.n_users,
            split: self.split.clone(),
            item_counts: self.item_counts.clone(),
            fit: self.fit.clone(),
        };
        draft.write_json(FACTS, &facts)?;
        draft.write_json(CATALOGUE, &self.catalogue)?;
        let mut tensors = Tensors::default();
        let Train::DeepFm(ensemble) = &self.train;
        ensemble.store("train", &mut tensors);
        self.judge.factorisation.store("judge", &mut tensors);
        if let Some(complete) = &self.judge.complete {
            let (places, cells) = complete.parts();
            tensors.insert("complete.places", &[self.n_users], places);
            tensors.insert("complete.cells", &[complete.n_complete(), self.n_items()], cells);
        }
        tensors.save(&draft, WEIGHTS)?;
        Ok(draft.seal()?)
    }

    /// Opens a directory and checks all of it.
    ///
    /// # Errors
    /// When it is not a whole world of this version.
    pub fn open(path: &Path) -> Result<(Self, Artefact), WorldError> {
        let artefact = Artefact::open(Kind::World, path)?;
        let world = read(&artefact).map_err(|problem| match problem {
            Problem::Artefact(error) => WorldError::Artefact(error),
            Problem::Content(what) => WorldError::Damaged { what, path: path.to_owned() },
        })?;
        Ok((world, artefact))
    }
}

enum Problem {
    Artefact(artefact::ArtefactError),
    Content(String),
}

impl From<artefact::ArtefactError> for Problem {
    fn from(error: artefact::ArtefactError) -> Self {
        Self::Artefact(error)
    }
}

impl From<String> for Problem {
    fn from(what: String) -> Self {
        Self::Content(what)
    }
}

fn read(artefact: &Artefact) -> Result<World, Problem> {
    let manifest = artefact.manifest();
    let config: WorldConfig =
        serde_json::from_value(manifest.config.clone()).map_err(|e| format!("settings: {e}"))?;
    config.check().map_err(|e| e.to_string())?;
    let facts: Facts = artefact.read_json(FACTS)?;
    let catalogue = read_catalogue(artefact)?;
    check_facts(&facts, catalogue.len())?;
    let mut tensors = Tensors::load(artefact, WEIGHTS)?;
    let content = ItemCategories::of(&catalogue, config.deepfm.item_content);
    let shape = (config.deepfm.embedding_dim, config.deepfm.hidden.as_slice(), config.deepfm.n_members);
    let ensemble = DeepFmEnsemble::take("train", &mut tensors, facts.n_users, &content, shape)?;
    let sides = (facts.n_users, catalogue.len());
    let factorisation = Factorisation::take("judge", &mut tensors, sides, &config.factorisation)?;
    let complete = take_complete(&mut tensors, sides)?;
    Ok(World {
        seed: manifest.seed,
        dataset_hash: manifest.inputs.get("dataset").cloned().ok_or_else(|| "no dataset hash".to_owned())?,
        catalogue,
        n_users: facts.n_users,
        item_counts: facts.item_counts,
        split: facts.split,
        fit: facts.fit,
        train: Train::DeepFm(Arc::new(ensemble)),
        judge: Judge { factorisation: Arc::new(factorisation), complete },
        config,
    })
}

/// The catalogue must be the one whose hash the manifest carries, with category rows within its table.
fn read_catalogue(artefact: &Artefact) -> Result<Catalogue, Problem> {
    let catalogue: Catalogue = artefact.read_json(CATALOGUE)?;
    let n_categories = catalogue.categories().len();
    if catalogue.items().iter().flat_map(|item| &item.categories).any(|&c| c as usize >= n_categories) {
        return Err("an item of a category that does not exist".to_owned().into());
    }
    if artefact.manifest().inputs.get("catalogue") != Some(&catalogue.hash()) {
        return Err("the catalogue is not the one of the manifest".to_owned().into());
    }
    Ok(catalogue)
}

fn check_facts(facts: &Facts, n_items: usize) -> Result<(), Problem> {
    if facts.item_counts.len() != n_items {
        return Err(format!("{} item counts for {n_items} items", facts.item_counts.len()).into());
    }
    let UserSplit { train, validation, test } = &facts.split;
    let mut users: Vec<UserIdx> = train.iter().chain(validation).chain(test).copied().collect();
    users.sort_unstable();
    let is_whole = users.len() == facts.n_users && users.iter().enumerate().all(|(at, u)| u.index() == at);
    if is_whole { Ok(()) } else { Err("the user split is not a partition".to_owned().into()) }
}

fn take_complete(tensors: &mut Tensors, sides: (usize, usize)) -> Result<Option<Arc<CompleteRows>>, Problem> {
    let (n_users, n_items) = sides;
    let Some(places) = tensors.take("complete.places", &[n_users]) else {
        return Ok(None);
    };
    let n_rows = places.iter().filter(|&&place| place >= 0.0).count();
    let cells = tensors.take("complete.cells", &[n_rows, n_items]);
    let cells = cells.ok_or_else(|| "tensor complete.cells is absent or misshapen".to_owned())?;
    Ok(Some(Arc::new(CompleteRows::from_parts(n_items, &places, &cells)?)))
}
