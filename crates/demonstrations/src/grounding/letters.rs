//! What letters alone say about a text: a title, a title but for its spelling, a title within a sentence.

use super::frame::{Core, core};
use super::index::{Grounded, TitleIndex, push_new};
use super::mention::{Running, Stretch};
use super::words::is_remark;
use super::years::{Years, compare_years};
use crate::GroundingStatus;
use crate::title::{Name, NameKind, ParsedTitle, parse, strip_rating};
use std::collections::HashMap;

/// How many candidates of the trigram index are compared letter by letter.
const N_CANDIDATES: usize = 24;
/// The least Dice coefficient of their trigrams.
const LEAST_SHARED: f32 = 0.4;
/// How many bytes of a text that is no title are looked at.
const LONGEST: usize = 4_000;
/// Fewer letters than these are no name of their own in running text: `It`, `Her`, `Big`.
const FEW_LETTERS: usize = 4;
/// So many letters in two words or more are a name wherever they stand with capitals.
const MANY_LETTERS: usize = 8;

impl TitleIndex {
    /// What letters say about a text; `None` where a vector could say more.
    pub(super) fn ground_by_letters(&self, text: &str) -> Option<Grounded> {
        let trimmed = text.trim();
        if let Some(found) = self.exact(text).or_else(|| self.exact(trimmed)) {
            return Some(found);
        }
        if trimmed.starts_with('{') {
            return Some(Grounded::rejected());
        }
        let trimmed = beginning(trimmed);
        let asked = parse(trimmed);
        if let Some(found) = self.normalised(&asked) {
            return Some(found);
        }
        let core = core(trimmed);
        let has_letters = asked.names.iter().any(|name| name.weight() > 0);
        if core.text != trimmed
            && let Some(found) = self.core(&core)
        {
            return Some(found);
        }
        if !has_letters {
            return Some(Grounded::rejected());
        }
        let of_core = || {
            let inner =
                Some(parse(&core.text)).filter(|inner| core.text != trimmed && counts(&core, inner))?;
            self.fuzzy(&inner)
        };
        let found = self
            .mentioned(trimmed)
            .or_else(|| self.fuzzy(&asked))
            .or_else(|| self.listed(&core))
            .or_else(of_core);
        let is_over = self.config.embedding_min_cosine > 1.0 || self.parsed.is_empty();
        found.or_else(|| is_over.then(Grounded::rejected))
    }

    fn exact(&self, text: &str) -> Option<Grounded> {
        Grounded::of(self.exact.get(text)?, GroundingStatus::Exact, 0.0)
    }

    /// What is left without the frame, as a title. A title without letters has to be whole, year and all.
    fn core(&self, core: &Core) -> Option<Grounded> {
        let asked = parse(&core.text);
        let has_letters = asked.names[0].weight() > 0;
        let whole = self.exact.get(&core.text).filter(|_| asked.year.is_some() || has_letters);
        let whole = whole.and_then(|rows| Grounded::of(rows, GroundingStatus::Normalised, 0.0));
        let found = whole.or_else(|| self.normalised(&asked).filter(|_| has_letters))?;
        counts(core, &asked).then_some(found)
    }

    fn normalised(&self, asked: &ParsedTitle) -> Option<Grounded> {
        let has_year =
            |found: &Grounded| found.item.is_some_and(|item| self.parsed[item.index()].year.is_some());
        self.same_name(asked).or_else(|| self.same_name(&asked.with_bare_year()?).filter(has_year))
    }

    fn same_name(&self, asked: &ParsedTitle) -> Option<Grounded> {
        asked.names.iter().enumerate().find_map(|(at, name)| {
            let full = self.of_year(&self.by_full_key, &name.full_key(), asked.year, false);
            let items = if full.is_empty() {
                self.of_year(&self.by_bare_key, &name.bare_key(), asked.year, true)
            } else {
                full
            };
            if items.is_empty() {
                return None;
            }
            let mut items = self.narrowed(items, &name.bare_key(), asked.year);
            items.retain(|&row| self.is_explained(asked, at, row));
            Grounded::of(&items, GroundingStatus::Normalised, 0.0)
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

    /// Of several items with the name, those whose main name it is; where it is nobody's main name, those that it may
    /// stand for. (`(Remix)` behind two titles makes them no more alike.)
    fn narrowed(&self, items: Vec<u32>, key: &str, year: Option<u16>) -> Vec<u32> {
        let is_main =
            |row: &u32| self.parsed[*row as usize].names.first().is_some_and(|n| n.bare_key() == key);
        let main: Vec<u32> = items.iter().copied().filter(is_main).collect();
        if !main.is_empty() {
            return main;
        }
        let is_one = items.len() == 1;
        items.into_iter().filter(|&row| self.stands_for(row, key, year, is_one)).collect()
    }

    /// Whether a name in a title's brackets is another name of it: it says so, the year agrees, or it is the only one
    /// and no remark.
    fn stands_for(&self, row: u32, key: &str, year: Option<u16>, is_only: bool) -> bool {
        let title = &self.parsed[row as usize];
        let Some(name) = title.names.iter().find(|name| name.bare_key() == key) else { return false };
        let is_remark = name.words.iter().any(|word| is_remark(word));
        match name.kind {
            NameKind::Main | NameKind::Marked => true,
            NameKind::Bracketed | NameKind::Part if is_remark => false,
            NameKind::Bracketed | NameKind::Part if compare_years(year, title.year) == Years::Equal => true,
            NameKind::Part => {
                let main = &title.names[0];
                let is_nearly_all =
                    3 * name.weight() >= 2 * main.weight() && name.numbers() == main.numbers();
                is_only && name.n_weighty() > 2 && is_nearly_all
            }
            NameKind::Bracketed => {
                is_only && (name.n_weighty() > 1 || (title.year.is_some() && name.weight() > FEW_LETTERS))
            }
        }
    }

    /// Whether a title explains most of the letters of a text of which a name is the title's. What else stands in
    /// brackets counts half, remarks count nothing. A name without letters has to be the title, word by word, and all there is.
    fn is_explained(&self, asked: &ParsedTitle, at: usize, row: u32) -> bool {
        let title = &self.parsed[row as usize];
        let name = &asked.names[at];
        if name.weight() == 0 {
            let is_dated =
                asked.year.is_some() || name.words.iter().any(|w| w.chars().any(char::is_alphabetic));
            return asked.names.len() == 1
                && is_dated
                && asked.year == title.year
                && title.names[0].words == name.words;
        }
        let is_known = |name: &Name| title.names.iter().any(|own| own.bare_key() == name.bare_key());
        let (mut explained, mut open) = (0, 0);
        for name in &asked.names {
            match (is_known(name), name.kind) {
                (true, _) => explained += 2 * name.weight(),
                (false, NameKind::Main) => open += 2 * name.weight(),
                (false, _) if name.words.iter().any(|word| is_remark(word)) => {}
                (false, _) => open += name.weight(),
            }
        }
        match compare_years(asked.year, title.year) {
            // The original's title in brackets may be shorter than its translation.
            Years::Equal => 3 * explained > open,
            _ => explained > open && (at == 0 || asked.year.is_some()),
        }
    }

    /// The first title that a sentence recommends.
    fn mentioned(&self, text: &str) -> Option<Grounded> {
        let running = Running::of(text);
        let mut from = 0;
        while from < running.len() {
            let is_name = |key: &str| self.by_bare_key.contains_key(key);
            let (found, behind) =
                running.find(from, self.n_longest, is_name, |stretch| !self.meant(stretch).is_empty())?;
            if !found.is_background {
                return Grounded::of(&self.meant(&found), GroundingStatus::Normalised, 0.0);
            }
            from = behind;
        }
        None
    }

    /// The items that a stretch of a sentence means: its year is theirs, or it stands in quotes, or a recommendation
    /// points at it, or it is long enough to stand for itself.
    fn meant(&self, stretch: &Stretch) -> Vec<u32> {
        let items = self.of_year(&self.by_bare_key, &stretch.key, stretch.year, false);
        let Some(&first) = items.first() else { return items };
        let names = &self.parsed[first as usize].names;
        let Some(name) = names.iter().find(|name| name.bare_key() == stretch.key) else { return Vec::new() };
        let (weight, n_weighty) = (name.weight(), name.n_weighty());
        let is_dated = stretch.year.is_some() && self.parsed[first as usize].year == stretch.year;
        let is_long = weight >= MANY_LETTERS && n_weighty > 1;
        let is_enough = if is_dated {
            weight > 0
        } else {
            let is_shown = weight >= FEW_LETTERS && (stretch.is_quoted || stretch.is_cued);
            !stretch.is_bare_year && (is_shown || (is_long && stretch.is_marked_off))
        };
        if !is_enough {
            return Vec::new();
        }
        self.narrowed(items, &stretch.key, stretch.year)
    }

    /// The first of `Heat, Casino and Alien`, if it has three parts or more and every part is a title.
    fn listed(&self, core: &Core) -> Option<Grounded> {
        let parts = core.text.split(", ").flat_map(|part| part.split(" and ")).map(|part| part.trim());
        let parts = parts.map(|part| part.strip_prefix("and ").or(part.strip_prefix("or ")).unwrap_or(part));
        let mut found = parts.map(|part| self.same_name(&parse(part)));
        let first = found.next()??;
        let n_others = found.try_fold(0, |n, other| other.map(|_| n + 1))?;
        (n_others > 1).then_some(first)
    }

    fn fuzzy(&self, asked: &ParsedTitle) -> Option<Grounded> {
        let name = asked.names.first().filter(|name| name.weight() > 0)?;
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
            .filter(|name| name.weight() > 0 && name.numbers() == asked.numbers())
            .filter(|name| name.kind != NameKind::Part && (year.is_some() || has_same_article(name, asked)))
            .filter(|name| {
                name.kind != NameKind::Bracketed || self.stands_for(row, &name.bare_key(), year, true)
            })
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
}

/// What is looked at of a text.
fn beginning(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Whether two names have the same leading article, or one has none.
fn has_same_article(a: &Name, b: &Name) -> bool {
    let (own, other) = (&a.words[..a.n_articles], &b.words[..b.n_articles]);
    own.is_empty() || other.is_empty() || own == other
}

/// What of a text is turned into a vector: what its frame leaves, if that may be taken for a title.
pub(super) fn for_embedding(text: &str) -> String {
    let text = beginning(text);
    let core = core(text);
    let kept = if counts(&core, &parse(&core.text)) { core.text.as_str() } else { text };
    strip_rating(kept.trim()).to_owned()
}

/// Whether what a frame leaves may be taken for a title: a year stands beside it, or it is pointed at and does not
/// begin small, or it is long enough to stand for itself.
fn counts(core: &Core, asked: &ParsedTitle) -> bool {
    let name = &asked.names[0];
    let is_long = name.weight() >= MANY_LETTERS && name.n_weighty() > 1;
    let is_shown = core.begins_high && (core.is_pointed_at || !core.is_cut);
    asked.year.is_some() || is_long || (is_shown && name.weight() >= FEW_LETTERS)
}
