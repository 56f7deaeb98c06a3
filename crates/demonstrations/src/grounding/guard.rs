//! Whether the nearest vector means the title: what is near to everything is near to nothing.

use super::index::{Grounded, TitleIndex};
use super::years::{Years, compare_years};
use crate::GroundingStatus;
use crate::title::{Name, NameKind, ParsedTitle, parse};
use kernels::dot;

/// How many neighbours say how crowded it is around a vector.
const N_NEIGHBOURS: usize = 10;
/// How much nearer text and title must be to each other than each is to its neighbours.
const LEAST_GAP: f32 = 0.1;
/// How much nearer a title must be than the next one of another name.
const LEAST_LEAD: f32 = 0.03;
/// From so many letters on the beginning of a word stands for the word.
const STEM: usize = 4;
/// Words that differ less are the same word.
const SAME_WORD: f64 = 0.75;

/// What vectors are near by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// Letters in common: words have to be the same ones.
    Spelling,
    /// Meaning: words may be others where nothing else is as near.
    Meaning,
}

impl TitleIndex {
    /// The nearest title, if it is near enough, nothing contradicts, and either most of the letters of text and title
    /// are the same words' or, for vectors of meaning, the two stand out from their neighbours.
    ///
    /// # Shapes
    /// `vector: [width]`, `titles: [items, width]`.
    ///
    /// # Source
    /// The gap is the cross-domain similarity local scaling of Conneau et al., "Word translation without parallel
    /// data" (2018), equation 3: half of it, and with the rows' own neighbours in the place of queries'.
    pub(super) fn ground_by_vector(
        &self,
        text: &str,
        vector: &[f32],
        titles: &[f32],
        likeness: Likeness,
    ) -> Grounded {
        let asked = parse(text);
        let is_whole = !vector.is_empty() && titles.len() == vector.len() * self.parsed.len();
        if !is_whole || asked.names[0].weight() == 0 {
            return Grounded::rejected();
        }
        let cosines = cosines(vector, titles);
        let Some(row) = first_highest(&cosines) else { return Grounded::rejected() };
        let title = &self.parsed[row];
        let cosine = cosines[row];
        if cosine < self.least_cosine(&asked, title) || !has_same_numbers(&asked, title) {
            return Grounded::rejected();
        }
        let stands_out =
            || likeness == Likeness::Meaning && self.stands_out(row, vector.len(), titles, &cosines);
        if !shares_most_words(&asked, title) && !stands_out() {
            return Grounded::rejected();
        }
        Grounded::of(&[row as u32], GroundingStatus::Embedding, 1.0 - cosine)
            .unwrap_or_else(Grounded::rejected)
    }

    fn least_cosine(&self, asked: &ParsedTitle, title: &ParsedTitle) -> f32 {
        match compare_years(asked.year, title.year) {
            Years::Equal => self.config.embedding_min_cosine,
            Years::Unknown => self.config.embedding_min_cosine_without_year,
            Years::Apart(_) => f32::INFINITY,
        }
    }

    /// Whether a row is nearer to the text than the text's and the row's other neighbours are to them.
    fn stands_out(&self, row: usize, width: usize, titles: &[f32], cosines_of_text: &[f32]) -> bool {
        let key = self.parsed[row].names[0].bare_key();
        let is_other = |other: usize| self.parsed[other].names[0].bare_key() != key;
        let around = |cosines: &[f32]| -> Vec<f32> {
            let mut others: Vec<f32> =
                (0..cosines.len()).filter(|&other| is_other(other)).map(|other| cosines[other]).collect();
            others.sort_by(|a, b| b.total_cmp(a));
            others.truncate(N_NEIGHBOURS);
            others
        };
        let mean = |some: &[f32]| some.iter().sum::<f32>() / some.len().max(1) as f32;
        let around_text = around(cosines_of_text);
        let around_title = around(&cosines(&titles[row * width..(row + 1) * width], titles));
        let gap = cosines_of_text[row] - (mean(&around_text) + mean(&around_title)) / 2.0;
        let lead = around_text.first().map_or(f32::INFINITY, |next| cosines_of_text[row] - next);
        gap >= LEAST_GAP && lead >= LEAST_LEAD
    }
}

/// The cosine of a vector with every row; 0 where one has no length.
fn cosines(vector: &[f32], rows: &[f32]) -> Vec<f32> {
    const TINY: f32 = 1e-12;
    let length = |a: &[f32]| dot(a, a).sqrt();
    let own = length(vector).max(TINY);
    rows.chunks_exact(vector.len()).map(|row| dot(vector, row) / (own * length(row).max(TINY))).collect()
}

/// The first of the highest; none where nothing is above 0.
fn first_highest(cosines: &[f32]) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (row, &cosine) in cosines.iter().enumerate() {
        if cosine > best.map_or(0.0, |best| cosines[best]) {
            best = Some(row);
        }
    }
    best
}

fn has_same_numbers(asked: &ParsedTitle, title: &ParsedTitle) -> bool {
    let is_dated = compare_years(asked.year, title.year) == Years::Equal;
    let mut names = title.names.iter().filter(|name| is_dated || name.kind != NameKind::Part);
    names.any(|name| name.numbers() == asked.names[0].numbers())
}

/// Whether most letters of the text are in words of the title, and most of one of its names in words of the text. Where
/// no year confirms it, it takes five of six letters, and the very words.
fn shares_most_words(asked: &ParsedTitle, title: &ParsedTitle) -> bool {
    let text = &asked.names[0];
    let is_dated = compare_years(asked.year, title.year) == Years::Equal;
    title.names.iter().any(|name| {
        let shared = shared_letters(text, name, is_dated);
        [text, name].iter().all(|one| match is_dated {
            true => 2 * shared > one.weight(),
            false => 6 * shared >= 5 * one.weight(),
        })
    })
}

/// How many letters of a name are in words that the other has, too; each of them counts once.
fn shared_letters(name: &Name, other: &Name, is_dated: bool) -> usize {
    let mut open: Vec<&str> = other.weighty().collect();
    let mut shared = 0;
    for word in name.weighty() {
        let same = open.iter().position(|own| *own == word || (is_dated && is_same_word(word, own)));
        if let Some(at) = same {
            open.swap_remove(at);
            shared += word.chars().filter(|c| c.is_alphabetic()).count();
        }
    }
    shared
}

fn is_same_word(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    short.len() >= STEM
        && (long.starts_with(short) || strsim::normalized_damerau_levenshtein(a, b) >= SAME_WORD)
}
