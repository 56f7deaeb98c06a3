//! The titles of a catalogue, ready to be asked for.

use super::fuzzy::TrigramIndex;
use super::{GroundingConfig, Metric, Nearest, nearest};
use crate::title::{Name, ParsedTitle, parse, strip_rating};
use crate::{Grounding, GroundingStatus};
use catalogue::{Catalogue, TextVectors};
use mdp::ItemIdx;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Width of the text vectors; only their nearest neighbours are asked for.
const VECTOR_WIDTH: usize = 256;
/// How many candidates of the trigram index are compared letter by letter.
const N_CANDIDATES: usize = 24;
/// The least Dice coefficient of their trigrams.
const LEAST_SHARED: f32 = 0.4;

/// Every title of a catalogue, indexed for grounding. Building it and asking it are deterministic.
#[derive(Debug)]
pub struct TitleIndex {
    config: GroundingConfig,
    parsed: Vec<ParsedTitle>,
    exact: HashMap<String, Vec<u32>>,
    by_full_key: HashMap<String, Vec<u32>>,
    by_bare_key: HashMap<String, Vec<u32>>,
    trigrams: TrigramIndex,
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
    fn of(items: &[u32], status: GroundingStatus, distance: f32) -> Option<Self> {
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

/// What two years say about each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Years {
    Equal,
    Unknown,
    Apart(u16),
}

fn compare_years(a: Option<u16>, b: Option<u16>) -> Years {
    match (a, b) {
        (Some(a), Some(b)) if a == b => Years::Equal,
        (Some(a), Some(b)) => Years::Apart(a.abs_diff(b)),
        _ => Years::Unknown,
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
            vectors: TextVectors::embed(catalogue, VECTOR_WIDTH),
        };
        for (row, item) in catalogue.items().iter().enumerate() {
            index.insert(row as u32, &item.title);
        }
        index
    }

    fn insert(&mut self, row: u32, title: &str) {
        self.exact.entry(title.to_owned()).or_default().push(row);
        let parsed = parse(title);
        for name in &parsed.names {
            push_new(self.by_full_key.entry(name.full_key()).or_default(), row);
            push_new(self.by_bare_key.entry(name.bare_key()).or_default(), row);
            self.trigrams.insert(row, &name.bare_text());
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

    /// The item a text means; what exact, normalised and fuzzy matches leave open is decided by the vectors of
    /// [`TitleIndex::vectors`].
    pub fn ground(&self, text: &str) -> Grounded {
        let by_vector = || {
            let query = self.vectors.embed_text(for_embedding(text));
            self.ground_by_vector(text, &query, self.vectors.rows())
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
        let asked: Vec<String> = open.iter().map(|&at| for_embedding(texts[at]).to_owned()).collect();
        let vectors = if asked.is_empty() { Vec::new() } else { embed(&asked)? };
        let mut grounded: Vec<Grounded> =
            by_letters.into_iter().map(|found| found.unwrap_or_else(Grounded::rejected)).collect();
        for (&at, vector) in open.iter().zip(&vectors) {
            grounded[at] = self.ground_by_vector(texts[at], vector, titles);
        }
        Ok(grounded)
    }

    /// What letters say about a text; `None` where a vector could say more.
    fn ground_by_letters(&self, text: &str) -> Option<Grounded> {
        if let Some(found) = self.exact(text).or_else(|| self.exact(text.trim())) {
            return Some(found);
        }
        let asked = parse(text);
        if asked.names.iter().all(|name| name.full_key().is_empty()) {
            return Some(Grounded::rejected());
        }
        let found = self.normalised(&asked).or_else(|| self.fuzzy(&asked));
        let is_over = self.config.embedding_min_cosine > 1.0 || self.parsed.is_empty();
        found.or_else(|| is_over.then(Grounded::rejected))
    }

    fn exact(&self, text: &str) -> Option<Grounded> {
        Grounded::of(self.exact.get(text)?, GroundingStatus::Exact, 0.0)
    }

    fn normalised(&self, asked: &ParsedTitle) -> Option<Grounded> {
        asked.names.iter().enumerate().find_map(|(at, name)| {
            let full = self.of_year(&self.by_full_key, &name.full_key(), asked.year, false);
            let items = if full.is_empty() {
                self.of_year(&self.by_bare_key, &name.bare_key(), asked.year, true)
            } else {
                full
            };
            let has_weight = at == 0 || asked.year.is_some();
            Grounded::of(&self.narrowed(items, name, has_weight), GroundingStatus::Normalised, 0.0)
        })
    }

    /// The items of a key whose year does not contradict, or, if `confirmed`, agrees. Years that agree win over
    /// years that are unknown.
    fn of_year(
        &self,
        keys: &HashMap<String, Vec<u32>>,
        key: &str,
        year: Option<u16>,
        confirmed: bool,
    ) -> Vec<u32> {
        let rows = keys.get(key).map_or(&[][..], Vec::as_slice);
        let with = |wanted: Years| -> Vec<u32> {
            let verdict = |row: u32| compare_years(year, self.parsed[row as usize].year);
            rows.iter().copied().filter(|&row| verdict(row) == wanted).collect()
        };
        let equal = with(Years::Equal);
        if confirmed || !equal.is_empty() { equal } else { with(Years::Unknown) }
    }

    /// Of several items with the name, those whose main name it is. Where it is nobody's main name, all of them
    /// if the name has weight: it is the text's own main name, or a year stands beside it. (`(Remix)` behind two
    /// titles makes them no more alike.)
    fn narrowed(&self, items: Vec<u32>, name: &Name, has_weight: bool) -> Vec<u32> {
        let key = name.bare_key();
        let is_main =
            |row: &u32| self.parsed[*row as usize].names.first().is_some_and(|n| n.bare_key() == key);
        let main: Vec<u32> = items.iter().copied().filter(is_main).collect();
        if main.is_empty() && has_weight { items } else { main }
    }

    fn fuzzy(&self, asked: &ParsedTitle) -> Option<Grounded> {
        let name = asked.names.first()?;
        let mut best: Vec<u32> = Vec::new();
        let mut best_similarity = 0.0;
        for row in self.trigrams.candidates(&name.bare_text(), LEAST_SHARED, N_CANDIDATES) {
            let Some(similarity) = self.fuzzy_similarity(name, asked.year, row) else { continue };
            if similarity > best_similarity {
                (best_similarity, best) = (similarity, vec![row]);
            } else if similarity == best_similarity {
                push_new(&mut best, row);
            }
        }
        Grounded::of(&best, GroundingStatus::Fuzzy, 1.0 - best_similarity)
    }

    /// Edit similarity of a text with an item's nearest name, if it is enough and nothing contradicts.
    fn fuzzy_similarity(&self, asked: &Name, year: Option<u16>, row: u32) -> Option<f32> {
        let title = &self.parsed[row as usize];
        let text = asked.bare_text();
        let similarities = title
            .names
            .iter()
            .filter(|name| name.numbers() == asked.numbers())
            .map(|name| strsim::normalized_damerau_levenshtein(&text, &name.bare_text()) as f32);
        let similarity = similarities.fold(0.0, f32::max);
        let least = match compare_years(year, title.year) {
            Years::Equal => self.config.fuzzy_min_with_year,
            Years::Unknown => self.config.fuzzy_min_without_year,
            // A year may be off by one, but then the text may not be off at all.
            Years::Apart(1) => 1.0,
            Years::Apart(_) => return None,
        };
        (similarity >= least).then_some(similarity)
    }

    fn ground_by_vector(&self, text: &str, vector: &[f32], titles: &[f32]) -> Grounded {
        let is_whole = titles.len() == vector.len() * self.parsed.len();
        let found = nearest(vector, titles, Metric::Cosine).filter(|_| is_whole);
        found.and_then(|found| self.accepted(&parse(text), found)).unwrap_or_else(Grounded::rejected)
    }

    /// The nearest title, if it is near enough and nothing contradicts.
    fn accepted(&self, asked: &ParsedTitle, found: Nearest) -> Option<Grounded> {
        let title = &self.parsed[found.row];
        let least = match compare_years(asked.year, title.year) {
            Years::Equal => self.config.embedding_min_cosine,
            Years::Unknown => self.config.embedding_min_cosine_without_year,
            Years::Apart(_) => return None,
        };
        let numbers_agree = title.names.iter().any(|n| n.numbers() == asked.names[0].numbers());
        let is_near = 1.0 - found.distance >= least && numbers_agree;
        is_near.then(|| Grounded::of(&[found.row as u32], GroundingStatus::Embedding, found.distance))?
    }
}

/// What of a text is turned into a vector.
fn for_embedding(text: &str) -> &str {
    strip_rating(text.trim())
}

fn push_new(rows: &mut Vec<u32>, row: u32) {
    if !rows.contains(&row) {
        rows.push(row);
    }
}
