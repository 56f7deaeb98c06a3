//! The rule-based stand-in: it reads what a prompt would show a language model and writes the same kind of text.

use super::beliefs::Beliefs;
use super::reader::Reader;
use super::{Answer, CatalogueExpert, Expert, ExpertContext, ExpertSession, Reaction};
use crate::DemonstrationError;
use catalogue::Catalogue;
use mdp::{Interaction, ItemIdx, ItemSet, Rng};
use rand::RngExt as _;

const SCHEME: &str = "builtin:expert";

/// `builtin:expert?quality=Q`: infers liked genres and title words from the ratings, avoids kinds of which a lot
/// was shown recently, since people tire, and names a title. With probability 1 - Q it names any title at all.
///
/// It is a handful of rules and knows nothing but titles, categories and the one user's ratings. It is never
/// called a language model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BuiltinExpert {
    quality: f64,
}

impl BuiltinExpert {
    /// A stand-in that follows its rules with probability `quality`; `None` unless that is within 0 to 1.
    pub fn new(quality: f64) -> Option<Self> {
        (0.0..=1.0).contains(&quality).then_some(Self { quality })
    }

    /// Reads `builtin:expert` or `builtin:expert?quality=Q`; the quality is 1 where it is not given.
    ///
    /// # Errors
    /// When the address is another one or the quality is not within 0 to 1.
    pub fn parse(address: &str) -> Result<Self, DemonstrationError> {
        let unknown = || DemonstrationError::UnknownExpert(address.to_owned());
        let rest = address.strip_prefix(SCHEME).ok_or_else(unknown)?;
        if rest.is_empty() {
            return Ok(Self { quality: 1.0 });
        }
        let quality = rest.strip_prefix("?quality=").and_then(|text| text.parse().ok());
        quality.and_then(Self::new).ok_or_else(unknown)
    }
}

impl Expert for BuiltinExpert {
    fn name(&self) -> String {
        format!("{SCHEME}?quality={}", self.quality)
    }

    fn study<'a>(&'a self, catalogue: &'a Catalogue) -> Box<dyn CatalogueExpert + 'a> {
        Box::new(Studied { quality: self.quality, reader: Reader::of(catalogue) })
    }
}

struct Studied {
    quality: f64,
    reader: Reader,
}

impl CatalogueExpert for Studied {
    fn start<'a>(&'a self, briefing: ExpertContext<'a>) -> Box<dyn ExpertSession + 'a> {
        let mut unavailable = ItemSet::empty(briefing.catalogue.len());
        for rated in briefing.history {
            unavailable.insert(rated.item);
        }
        Box::new(BuiltinSession {
            quality: self.quality,
            reader: &self.reader,
            catalogue: briefing.catalogue,
            beliefs: beliefs_from(briefing.history, &self.reader),
            unavailable,
            recent: Vec::new(),
        })
    }
}

/// Ratings this many places back in the history count half: tastes drift.
const HALF_LIFE: f32 = 60.0;

fn beliefs_from<'a>(history: &[Interaction], reader: &'a Reader) -> Beliefs<'a> {
    let mut beliefs = Beliefs::new(reader);
    for (age, rated) in history.iter().rev().enumerate() {
        beliefs.note(rated.item, rated.rating, (-(age as f32) / HALF_LIFE).exp2());
    }
    beliefs.learn();
    beliefs
}

struct BuiltinSession<'a> {
    quality: f64,
    reader: &'a Reader,
    catalogue: &'a Catalogue,
    beliefs: Beliefs<'a>,
    unavailable: ItemSet,
    recent: Vec<ItemIdx>,
}

/// How many of the last items count as recent.
const N_RECENT: usize = 4;
/// With this many recent items of a kind, one more would tire.
const MANY: usize = 2;
/// What each recent item of the same kind costs, in rating points.
const TIRING: f32 = 0.1;
/// How much taste is left to chance, in rating points: nobody's answers are the same twice.
const WHIM: f32 = 0.12;
/// What an answer in this session counts, against a rating just before it.
const SESSION_WEIGHT: f32 = 1.2;

impl ExpertSession for BuiltinSession<'_> {
    fn recommend(&mut self, rng: &mut Rng) -> Answer {
        let is_arbitrary = rng.random::<f64>() >= self.quality;
        let choice = if is_arbitrary { self.anything(rng) } else { self.best(rng) };
        let item = choice.unwrap_or(ItemIdx(0));
        let thought =
            if is_arbitrary { "Something quite different might do.".to_owned() } else { self.why(item) };
        Answer { thought, title: self.as_written(item, rng) }
    }

    fn observe(&mut self, reaction: Reaction) {
        match reaction {
            Reaction::Shown { item, reward } => {
                self.unavailable.insert(item);
                self.recent.push(item);
                self.beliefs.note(item, reward, SESSION_WEIGHT);
                self.beliefs.learn();
            }
            Reaction::Refused { item } => {
                if let Some(item) = item {
                    self.unavailable.insert(item);
                }
            }
        }
    }
}

impl BuiltinSession<'_> {
    fn available(&self) -> impl Iterator<Item = ItemIdx> + '_ {
        (0..self.catalogue.len() as u32).map(ItemIdx).filter(|&item| !self.unavailable.contains(item))
    }

    fn anything(&self, rng: &mut Rng) -> Option<ItemIdx> {
        let n_available = self.catalogue.len() - self.unavailable.len();
        if n_available == 0 {
            return None;
        }
        self.available().nth(rng.random_range(0..n_available))
    }

    /// The item with the best expected rating among those that would not be one too many of a kind; if all
    /// would, the one of the least overdone kind.
    fn best(&self, rng: &mut Rng) -> Option<ItemIdx> {
        let counts = self.recent_counts();
        let mut best: Option<(usize, f32, ItemIdx)> = None;
        for item in self.available() {
            let overdone = self.most_of_a_kind(item, &counts);
            let excess = (overdone + 1).saturating_sub(MANY);
            let whim = WHIM * (2.0 * rng.random::<f32>() - 1.0);
            let score = self.beliefs.expected(item) - TIRING * overdone as f32 + whim;
            if best.is_none_or(|(least, top, _)| excess < least || (excess == least && score > top)) {
                best = Some((excess, score, item));
            }
        }
        best.map(|(_, _, item)| item)
    }

    /// How many recent items have each category.
    fn recent_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.catalogue.categories().len()];
        for &item in &self.recent[self.recent.len().saturating_sub(N_RECENT)..] {
            self.reader.categories(item).iter().for_each(|&c| counts[c as usize] += 1);
        }
        counts
    }

    fn most_of_a_kind(&self, item: ItemIdx, counts: &[usize]) -> usize {
        self.reader.categories(item).iter().map(|&c| counts[c as usize]).max().unwrap_or(0)
    }

    fn why(&self, item: ItemIdx) -> String {
        let mut liked: Vec<u32> =
            self.reader.traits(item).iter().copied().filter(|&t| self.beliefs.effect(t) > 0.05).collect();
        liked.sort_by(|&a, &b| self.beliefs.effect(b).total_cmp(&self.beliefs.effect(a)).then(a.cmp(&b)));
        let names: Vec<&str> =
            liked.iter().take(2).map(|&t| self.reader.trait_name(t, self.catalogue)).collect();
        let reason = match names.as_slice() {
            [] => "Nothing speaks against it".to_owned(),
            [one] => format!("The user tends to like {one}"),
            [one, two, ..] => format!("The user tends to like {one} and {two}"),
        };
        let counts = self.recent_counts();
        let tired = (0..counts.len()).filter(|&c| counts[c] >= MANY).max_by_key(|&c| counts[c]);
        match tired {
            Some(c) => format!("{reason}, and has had enough of {} for now.", self.catalogue.categories()[c]),
            None => format!("{reason}."),
        }
    }

    /// The title as one would write it: now and then without the year.
    fn as_written(&self, item: ItemIdx, rng: &mut Rng) -> String {
        let title = &self.catalogue.item(item).title;
        let without_year = title.rsplit_once(" (").map(|(name, _)| name).filter(|name| !name.is_empty());
        match without_year {
            Some(name) if rng.random::<f32>() < 0.2 => name.to_owned(),
            _ => title.clone(),
        }
    }
}
