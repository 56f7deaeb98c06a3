//! A world as an immutable directory.

use super::matrix::MatrixSide;
use super::{BothSides, CheckUser, FitReport, Judge, Train, World, WorldConfig};
use crate::complete::CompleteRows;
use crate::engagement::{Engagement, Numbers};
use crate::validity::Validity;
use crate::{
    DeepFmEnsemble, EngagementFamily, Factorisation, Feedback, ItemCategories, ItemContent, WorldError,
};
use artefact::{Artefact, Draft, Kind, Place, Tensors};
use catalogue::Catalogue;
use data::Shown;
use data::split::UserSplit;
use mdp::UserIdx;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

const FACTS: &str = "world.json";
const CATALOGUE: &str = "catalogue.json";
const CHECK_USERS: &str = "check_users.json";
const SHOWN: &str = "shown.json";
const WEIGHTS: &str = "weights.safetensors";

/// What the files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Models {
    /// Parameters of fitted models.
    Fitted,
    /// Imported matrices.
    Matrices,
}

/// `world.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    models: Models,
    n_users: usize,
    split: UserSplit,
    item_counts: Vec<u32>,
    fit: FitReport,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validity: Option<Validity>,
    /// Of the train world's engagement, the judge's, and those of its other families.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    engagement: Vec<(EngagementFamily, Numbers)>,
}

impl World {
    /// Writes the directory aside and renames it into its place.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save<'a>(&self, place: impl Into<Place<'a>>) -> Result<Artefact, WorldError> {
        let config = serde_json::to_value(&self.config).expect("settings are plain data");
        let mut draft = Draft::new(Kind::World, place, self.seed, config)?;
        draft.input("dataset", &self.dataset_hash);
        draft.input("catalogue", &self.catalogue.hash());
        let models = if matches!(self.train, Train::Matrix(_)) { Models::Matrices } else { Models::Fitted };
        let facts = Facts {
            models,
            n_users: self.n_users,
            split: self.split.clone(),
            item_counts: self.item_counts.clone(),
            fit: self.fit.clone(),
            validity: self.validity.clone(),
            engagement: self.engagements().map(|(family, model)| (family, model.numbers())).collect(),
        };
        draft.write_json(FACTS, &facts)?;
        draft.write_json(CATALOGUE, &self.catalogue)?;
        draft.write_json(CHECK_USERS, &self.check_users)?;
        if !self.shown.is_empty() {
            draft.write_json(SHOWN, &self.shown)?;
        }
        let mut tensors = Tensors::default();
        match &self.train {
            Train::DeepFm(ensemble) => ensemble.store("train", &mut tensors),
            Train::Matrix(matrix) => matrix.store("train", &draft, &mut tensors)?,
        }
        match &self.judge {
            Judge::Factorisation(model) => model.store("judge", &mut tensors),
            Judge::Complete(model, rows) => {
                model.store("judge", &mut tensors);
                let (places, cells) = rows.parts();
                tensors.insert("complete.places", &[self.n_users], places);
                tensors.insert("complete.cells", &[rows.n_complete(), self.n_items()], cells);
            }
            Judge::Matrix(matrix) => matrix.store("judge", &draft, &mut tensors)?,
        }
        for (at, (_, model)) in self.engagements().enumerate() {
            model.store(&format!("engagement.{at}"), &mut tensors);
        }
        tensors.save(&draft, WEIGHTS)?;
        Ok(draft.seal()?)
    }

    /// The train world's engagement, then the judges'.
    fn engagements(&self) -> impl Iterator<Item = (EngagementFamily, &Engagement)> {
        let train = self.engagement.iter().map(|both| (self.config.engagement.train, both.train.as_ref()));
        let judges = self.engagement.iter().flat_map(|both| &both.judges);
        train.chain(judges.map(|(family, model)| (*family, model.as_ref())))
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
    let config = settings(manifest.config.clone())?;
    config.check().map_err(|e| e.to_string())?;
    let facts: Facts = artefact.read_json(FACTS)?;
    let catalogue = read_catalogue(artefact)?;
    check_facts(&facts, catalogue.len())?;
    let check_users = read_check_users(artefact, (facts.n_users, catalogue.len()))?;
    let shown = read_shown(artefact, facts.n_users, catalogue.len())?;
    if config.shown.is_empty() != shown.is_empty() {
        return Err(
            format!("the settings and {SHOWN} do not agree on whether prompts showed anything").into()
        );
    }
    let mut tensors = Tensors::load(artefact, WEIGHTS)?;
    let (train, judge) = match facts.models {
        Models::Fitted => take_fitted(&mut tensors, &config, facts.n_users, &catalogue)?,
        Models::Matrices => {
            let sides = (facts.n_users, catalogue.len());
            let mut side = |name: &str| MatrixSide::load(name, artefact, &mut tensors, sides).map(Arc::new);
            (Train::Matrix(side("train")?), Judge::Matrix(side("judge")?))
        }
    };
    let engagement = take_engagement(&mut tensors, &facts, catalogue.len())?;
    if engagement.is_some() != (config.feedback == Feedback::Engagement && facts.models == Models::Fitted) {
        return Err("engagement and the settings do not belong together".to_owned().into());
    }
    Ok(World {
        seed: manifest.seed,
        dataset_hash: manifest.inputs.get("dataset").cloned().ok_or_else(|| "no dataset hash".to_owned())?,
        catalogue,
        n_users: facts.n_users,
        item_counts: facts.item_counts,
        check_users,
        split: facts.split,
        shown,
        fit: facts.fit,
        train,
        judge,
        engagement,
        validity: facts.validity,
        config,
    })
}

/// The settings of a world. Those of before feedback had two parts do not say that theirs had one.
fn settings(mut stored: serde_json::Value) -> Result<WorldConfig, Problem> {
    if let Some(stored) = stored.as_object_mut() {
        stored.entry("feedback").or_insert_with(|| serde_json::json!(Feedback::Ratings));
    }
    Ok(serde_json::from_value(stored).map_err(|e| format!("settings: {e}"))?)
}

fn take_engagement(
    tensors: &mut Tensors,
    facts: &Facts,
    n_items: usize,
) -> Result<Option<BothSides>, Problem> {
    let mut models = Vec::new();
    for (at, (family, numbers)) in facts.engagement.iter().enumerate() {
        let sides = (facts.n_users, n_items);
        let model = Engagement::take(&format!("engagement.{at}"), tensors, numbers, sides)?;
        models.push((*family, Arc::new(model)));
    }
    if models.is_empty() {
        return Ok(None);
    }
    let (_, train) = models.remove(0);
    if models.is_empty() {
        return Err("engagement without a judge".to_owned().into());
    }
    Ok(Some(BothSides { train, judges: models }))
}

fn take_fitted(
    tensors: &mut Tensors,
    config: &WorldConfig,
    n_users: usize,
    catalogue: &Catalogue,
) -> Result<(Train, Judge), Problem> {
    let content = ItemCategories::of(catalogue, config.deepfm.item_content);
    let shape = (config.deepfm.embedding_dim, config.deepfm.hidden.as_slice(), config.deepfm.n_members);
    let ensemble = DeepFmEnsemble::take("train", tensors, n_users, &content, shape)?;
    let all_categories = ItemCategories::of(catalogue, ItemContent::Categories);
    let model = Factorisation::take("judge", tensors, n_users, &all_categories, &config.factorisation)?;
    let model = Arc::new(model);
    let judge = match take_complete(tensors, (n_users, catalogue.len()))? {
        Some(rows) => Judge::Complete(model, rows),
        None => Judge::Factorisation(model),
    };
    Ok((Train::DeepFm(Arc::new(ensemble)), judge))
}

/// The catalogue must be the one whose hash the manifest carries.
fn read_catalogue(artefact: &Artefact) -> Result<Catalogue, Problem> {
    let catalogue: Catalogue = artefact.read_json(CATALOGUE)?;
    if artefact.manifest().inputs.get("catalogue") != Some(&catalogue.hash()) {
        return Err("the catalogue is not the one of the manifest".to_owned().into());
    }
    Ok(catalogue)
}

/// Absent in older directories.
fn read_check_users(
    artefact: &Artefact,
    (n_users, n_items): (usize, usize),
) -> Result<Vec<CheckUser>, Problem> {
    if !artefact.manifest().files.contains_key(CHECK_USERS) {
        return Ok(Vec::new());
    }
    let users: Vec<CheckUser> = artefact.read_json(CHECK_USERS)?;
    let fits = |user: &CheckUser| {
        user.user.index() < n_users && user.history.iter().all(|row| row.item.index() < n_items)
    };
    let all_fit = users.iter().all(fits);
    if all_fit {
        Ok(users)
    } else {
        Err(format!("{CHECK_USERS} names users or items beyond the world's").into())
    }
}

/// Absent where no prompt showed anything.
fn read_shown(artefact: &Artefact, n_users: usize, n_items: usize) -> Result<Shown, Problem> {
    if !artefact.manifest().files.contains_key(SHOWN) {
        return Ok(Shown::default());
    }
    let shown: Shown = artefact.read_json(SHOWN)?;
    if shown.fits(n_users, n_items) {
        Ok(shown)
    } else {
        Err(format!("{SHOWN} names users or items beyond the world's, or not in order").into())
    }
}

fn check_facts(facts: &Facts, n_items: usize) -> Result<(), Problem> {
    if facts.item_counts.len() != n_items {
        return Err(format!("{} item counts for {n_items} items", facts.item_counts.len()).into());
    }
    let UserSplit { train, validation, test, withheld } = &facts.split;
    let mut users: Vec<UserIdx> =
        train.iter().chain(validation).chain(test).chain(withheld).copied().collect();
    users.sort_unstable();
    if facts.validity.as_ref().is_some_and(|found| found.judges.is_empty()) {
        return Err("validity without a judge".to_owned().into());
    }
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
