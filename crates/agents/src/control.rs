//! The control without any language model: what "recommend something of another kind" is worth on its own.

use catalogue::Catalogue;
use demonstrations::{Answer, CatalogueExpert, Expert, ExpertContext, ExpertSession, Reaction};
use mdp::{ItemIdx, ItemSet, Rng};
use rand::RngExt as _;

/// How many of the latest items say which kinds are not fresh.
const WINDOW: usize = 4;
/// How many fresh kinds are drawn.
const N_KINDS: usize = 2;

/// Draws two categories that the last four items do not have, and then any item of them that the user does not
/// know. The published agents put such a draw into every prompt.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomFreshGenre;

struct Studied<'a> {
    catalogue: &'a Catalogue,
}

struct Session<'a> {
    catalogue: &'a Catalogue,
    unavailable: ItemSet,
    latest: Vec<ItemIdx>,
}

impl Expert for RandomFreshGenre {
    fn name(&self) -> String {
        "random-fresh-genre".to_owned()
    }

    fn study<'a>(&'a self, catalogue: &'a Catalogue) -> Box<dyn CatalogueExpert + 'a> {
        Box::new(Studied { catalogue })
    }
}

impl CatalogueExpert for Studied<'_> {
    fn start<'a>(&'a self, briefing: ExpertContext<'a>) -> Box<dyn ExpertSession + 'a> {
        let mut unavailable = ItemSet::empty(self.catalogue.len());
        briefing.history.iter().for_each(|seen| {
            unavailable.insert(seen.item);
        });
        Box::new(Session { catalogue: self.catalogue, unavailable, latest: Vec::new() })
    }
}

impl Session<'_> {
    fn fresh_kinds(&self, rng: &mut Rng) -> Vec<u16> {
        let recent = &self.latest[self.latest.len().saturating_sub(WINDOW)..];
        let is_stale = |kind: u16| recent.iter().any(|&i| self.catalogue.item(i).categories.contains(&kind));
        let mut kinds: Vec<u16> =
            (0..self.catalogue.categories().len() as u16).filter(|&kind| !is_stale(kind)).collect();
        for at in 0..N_KINDS.min(kinds.len()) {
            let other = rng.random_range(at..kinds.len());
            kinds.swap(at, other);
        }
        kinds.truncate(N_KINDS);
        kinds
    }

    fn open_items(&self, kinds: &[u16]) -> Vec<ItemIdx> {
        let all = (0..self.catalogue.len() as u32).map(ItemIdx);
        let open: Vec<ItemIdx> = all.filter(|&item| !self.unavailable.contains(item)).collect();
        let of_kind =
            |item: &ItemIdx| self.catalogue.item(*item).categories.iter().any(|k| kinds.contains(k));
        let fresh: Vec<ItemIdx> = open.iter().copied().filter(of_kind).collect();
        if fresh.is_empty() { open } else { fresh }
    }
}

impl ExpertSession for Session<'_> {
    fn recommend(&mut self, rng: &mut Rng) -> Answer {
        let kinds = self.fresh_kinds(rng);
        let items = self.open_items(&kinds);
        let names: Vec<&str> =
            kinds.iter().map(|&k| self.catalogue.categories()[k as usize].as_str()).collect();
        let title = match items.as_slice() {
            [] => String::new(),
            items => self.catalogue.item(items[rng.random_range(0..items.len())]).title.clone(),
        };
        Answer { thought: format!("Drawn at random: {}.", names.join(", ")), title }
    }

    fn observe(&mut self, reaction: Reaction) {
        match reaction {
            Reaction::Shown { item, .. } => {
                self.unavailable.insert(item);
                self.latest.push(item);
            }
            Reaction::Refused { item } => {
                if let Some(item) = item {
                    self.unavailable.insert(item);
                }
            }
        }
    }
}
