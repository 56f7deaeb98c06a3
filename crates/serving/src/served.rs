//! An opened artefact.

use crate::names::Names;
use crate::precedents::Index;
use crate::selftest::Case;
use crate::{ServedSession, ServingError, TableFacts};
use artefact::{Artefact, Kind, MappedTensors};
use catalogue::{Catalogue, Item};
use mdp::ItemIdx;
use ranking::{Parameters, Ranker, RankingIndex};
use representation::{ItemTable, TensorSource};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The newest layout that this binary reads: 1 has all tables in f32, 2 has them in f16 or int8.
pub const VERSION: u32 = 2;

pub(crate) const TENSORS: &str = "policy.safetensors";
pub(crate) const CATALOGUE: &str = "catalogue.json";
pub(crate) const FACTS: &str = "serving.json";
pub(crate) const DEMONSTRATIONS: &str = "demonstrations.json";

/// What an artefact says about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The policy's name.
    pub name: String,
    /// The hash of the policy directory it was made from.
    pub policy: String,
    /// The hash of its parameters' exact bits.
    pub parameter_hash: String,
    /// Rows of results tables: the policy and its controls, as they were judged.
    pub judged: Vec<serde_json::Value>,
    /// What its item tables are kept in; the first artefacts do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableFacts>,
}

/// `serving.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) version: u32,
    pub(crate) belief_width: usize,
    pub(crate) parameters: Parameters,
    pub(crate) about: About,
    pub(crate) self_test: Vec<Case>,
}

/// A policy ready to rank: in memory, but for large item tables, which are mapped. Sharing it between threads is free of locks.
#[derive(Clone, Debug)]
pub struct Served {
    ranker: Ranker,
    ranking_index: RankingIndex,
    catalogue: Catalogue,
    names: Names,
    demonstrations: Vec<ServedSession>,
    index: Index,
    cases: Vec<Case>,
    about: About,
    hash: String,
}

impl Served {
    /// Opens a directory: checks that it has files alone, every hash, that the parts belong together, and the self-test.
    ///
    /// # Errors
    /// When it is absent, of another kind or version, damaged, or computes other scores than when it was made.
    pub fn open(path: &Path) -> Result<Self, ServingError> {
        files_alone(path)?;
        let artefact = Artefact::open(Kind::Served, path)?;
        let facts: serde_json::Value = artefact.read_json(FACTS)?;
        let got = facts.get("version").and_then(serde_json::Value::as_u64).unwrap_or_default();
        if !(1..=u64::from(VERSION)).contains(&got) {
            return Err(ServingError::Version { expected: VERSION, got: got as u32 });
        }
        let facts: Facts =
            serde_json::from_value(facts).map_err(|e| ServingError::Mismatch(e.to_string()))?;
        crate::judged::check(&facts.about.judged).map_err(ServingError::Mismatch)?;
        let catalogue: Catalogue = artefact.read_json(CATALOGUE)?;
        let demonstrations: Vec<ServedSession> = artefact.read_json(DEMONSTRATIONS)?;
        let tensors = MappedTensors::open(&artefact, TENSORS)?;
        let items = |taste, source: &mut TensorSource<'_>| ItemTable::read(&catalogue, taste, source);
        let size = (&catalogue, facts.belief_width);
        let ranker = Ranker::read(&facts.parameters, size, &mut |n, s| tensors.get(n, s), items)
            .map_err(ServingError::Mismatch)?;
        let served = Self::from_parts(ranker, catalogue, demonstrations, facts.about)?;
        let served = Self { cases: facts.self_test, hash: artefact.hash(), ..served };
        served.self_test()?;
        Ok(served)
    }

    /// Puts parts in memory together.
    ///
    /// # Errors
    /// When a demonstration shows what is not in the catalogue.
    pub(crate) fn from_parts(
        ranker: Ranker,
        catalogue: Catalogue,
        demonstrations: Vec<ServedSession>,
        about: About,
    ) -> Result<Self, ServingError> {
        for step in demonstrations.iter().flat_map(|demo| &demo.steps) {
            crate::session::check_item(catalogue.len(), step.item)?;
        }
        let index = Index::of(&demonstrations, &ranker.items.group_of);
        let names = Names::of(&catalogue);
        let ranking_index = RankingIndex::new(ranker.items.clone()).map_err(ServingError::Mismatch)?;
        let (cases, hash) = Default::default();
        Ok(Self { ranker, ranking_index, catalogue, names, demonstrations, index, cases, about, hash })
    }

    /// The hash of the whole artefact: what answers are signed with.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// What it says about itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The items.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// How many items.
    pub fn n_items(&self) -> usize {
        self.catalogue.len()
    }

    /// One item.
    pub fn item(&self, item: ItemIdx) -> Option<&Item> {
        self.catalogue.items().get(item.index())
    }

    /// The names of an item's categories.
    pub fn categories_of(&self, item: ItemIdx) -> Vec<&str> {
        let rows = self.item(item).map_or(&[][..], |item| &item.categories);
        let name = |&row: &u16| self.catalogue.categories().get(usize::from(row)).map(String::as_str);
        rows.iter().filter_map(name).collect()
    }

    /// The item with this id.
    pub fn row(&self, id: &str) -> Option<ItemIdx> {
        self.names.with_id(id)
    }

    /// The item with this id, or else with this title.
    pub fn find(&self, id_or_title: &str) -> Option<ItemIdx> {
        self.row(id_or_title).or_else(|| self.names.titled(id_or_title))
    }

    /// The row of a category by name, whatever its case.
    pub(crate) fn category(&self, name: &str) -> Option<u16> {
        let names = self.catalogue.categories().iter();
        names.zip(0u16..).find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, row)| row)
    }

    /// How items are taken where a request does not say.
    pub fn usual_selection(&self) -> ranking::Selection {
        self.ranker.selection
    }

    /// The demonstrations that explain.
    pub fn demonstrations(&self) -> &[ServedSession] {
        &self.demonstrations
    }

    pub(crate) fn ranker(&self) -> &Ranker {
        &self.ranker
    }

    pub(crate) fn ranking_index(&self) -> &RankingIndex {
        &self.ranking_index
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn cases(&self) -> &[Case] {
        &self.cases
    }
}

/// An artefact has regular files. A pipe or a device among them could be read for ever.
fn files_alone(path: &Path) -> Result<(), ServingError> {
    // A directory that is not there is refused in a moment, in other words.
    let entries = path.read_dir().into_iter().flatten().flatten();
    let is_file = |path: &PathBuf| path.metadata().is_ok_and(|about| about.is_file());
    match entries.map(|entry| entry.path()).find(|path| !is_file(path)) {
        Some(path) => Err(ServingError::NoFile { path }),
        None => Ok(()),
    }
}
