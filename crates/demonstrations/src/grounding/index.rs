//! The titles of a catalogue, ready to be asked for.

use super::fuzzy::TrigramIndex;
use super::letters::for_embedding;
use super::{GroundingConfig, Likeness};
use crate::title::{NameKind, ParsedTitle, parse_with_parts};
use crate::{Grounding, GroundingStatus};
use catalogue::{Catalogue, TextVectors};
use mdp::ItemIdx;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Width of the text vectors; only their nearest neighbours are asked for.
const VECTOR_WIDTH: usize = 256;
/// The longest name that is looked for in running text, in words.
const N_LONGEST: usize = 24;

/// Every title of a catalogue, indexed for grounding. Building it and asking it are deterministic.
#[derive(Debug)]
pub struct TitleIndex {
    pub(super) config: GroundingConfig,
    pub(super) parsed: Vec<ParsedTitle>,
    pub(super) exact: HashMap<String, Vec<u32>>,
    pub(super) by_full_key: HashMap<String, Vec<u32>>,
    pub(super) by_bare_key: HashMap<String, Vec<u32>>,
    pub(super) trigrams: TrigramIndex,
    /// How many words the longest name has, up to [`N_LONGEST`].
    pub(super) n_longest: usize,
    vectors: TextVectors,
}

/// What a text was taken to mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grounded {
    /// The item; `None` when the text was rejected.
    pub item: Option<ItemIdx>,
    /// How, and at what distance (1 for a rejected text).
    pub grounding: Grounding,
    /// Whether several items answered equally well; the lowest row was taken.
    pub is_ambiguous: bool,
}

impl Grounded {
    pub(super) fn of(items: &[u32], status: GroundingStatus, distance: f32) -> Option<Self> {
        let item = items.iter().min().map(|&row| ItemIdx(row))?;
        let grounding = Grounding { status, distance };
        Some(Self { item: Some(item), grounding, is_ambiguous: items.len() > 1 })
    }

    /// A text that means no item.
    pub fn rejected() -> Self {
        let grounding = Grounding { status: GroundingStatus::Rejected, distance: 1.0 };
        Self { item: None, grounding, is_ambiguous: false }
    }
}

impl TitleIndex {
    /// Indexes a catalogue.
    pub fn build(catalogue: &Catalogue, config: GroundingConfig) -> Self {
        let mut index = Self {
            config,
            parsed: Vec::with_capacity(catalogue.len()),
            exact: HashMap::new(),
            by_full_key: HashMap::new(),
            by_bare_key: HashMap::new(),
            trigrams: TrigramIndex::default(),
            n_longest: 0,
            vectors: TextVectors::embed(catalogue, VECTOR_WIDTH),
        };
        for (row, item) in catalogue.items().iter().enumerate() {
            index.insert(row as u32, &item.title);
        }
        index
    }

    fn insert(&mut self, row: u32, title: &str) {
        self.exact.entry(title.to_owned()).or_default().push(row);
        let parsed = parse_with_parts(title);
        // A remark without letters (`(06)`) is no name.
        for name in parsed.names.iter().filter(|n| n.kind == NameKind::Main || n.weight() > 0) {
            self.n_longest = self.n_longest.max(name.words.len()).min(N_LONGEST);
            push_new(self.by_full_key.entry(name.full_key()).or_default(), row);
            push_new(self.by_bare_key.entry(name.bare_key()).or_default(), row);
            if name.kind != NameKind::Part {
                self.trigrams.insert(row, &name.bare_text());
            }
        }
        self.parsed.push(parsed);
    }

    /// The rules in use.
    pub fn config(&self) -> &GroundingConfig {
        &self.config
    }

    /// The text vectors of the titles.
    pub fn vectors(&self) -> &TextVectors {
        &self.vectors
    }

    /// How many titles stand for more than one item.
    pub fn n_duplicated_titles(&self) -> usize {
        self.exact.values().filter(|rows| rows.len() > 1).count()
    }

    /// The item a text means: a title, or a sentence that recommends one (the first, where it names several). What
    /// exact, normalised and fuzzy matches leave open is decided by the vectors of [`TitleIndex::vectors`].
    pub fn ground(&self, text: &str) -> Grounded {
        let by_vector = || {
            let asked = for_embedding(text);
            let query = self.vectors.embed_text(&asked);
            self.ground_by_vector(&asked, &query, self.vectors.rows(), Likeness::Spelling)
        };
        self.ground_by_letters(text).unwrap_or_else(by_vector)
    }

    /// The items that texts mean; what letters leave open is decided by other vectors: `titles` are those of the
    /// catalogue, `embed` gives those of the texts that need one, all in one call.
    ///
    /// # Shapes
    /// `titles: [items, width]`; `embed` gives `[texts][width]`.
    ///
    /// # Errors
    /// Those of `embed`.
    pub fn ground_all<E>(
        &self,
        texts: &[&str],
        titles: &[f32],
        embed: impl FnOnce(&[String]) -> Result<Vec<Vec<f32>>, E>,
    ) -> Result<Vec<Grounded>, E> {
        let by_letters: Vec<Option<Grounded>> =
            texts.par_iter().map(|text| self.ground_by_letters(text)).collect();
        let open: Vec<usize> = (0..texts.len()).filter(|&at| by_letters[at].is_none()).collect();
        let asked: Vec<String> = open.iter().map(|&at| for_embedding(texts[at])).collect();
        let vectors = if asked.is_empty() { Vec::new() } else { embed(&asked)? };
        let mut grounded: Vec<Grounded> =
            by_letters.into_iter().map(|found| found.unwrap_or_else(Grounded::rejected)).collect();
        for ((&at, vector), asked) in open.iter().zip(&vectors).zip(&asked) {
            grounded[at] = self.ground_by_vector(asked, vector, titles, Likeness::Meaning);
        }
        Ok(grounded)
    }
}

pub(super) fn push_new(rows: &mut Vec<u32>, row: u32) {
    if !rows.contains(&row) {
        rows.push(row);
    }
}
