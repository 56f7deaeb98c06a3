//! A policy as an expert: it names the titles of what it chooses.

use super::{Answer, CatalogueExpert, Expert, ExpertContext, ExpertSession, Reaction};
use catalogue::Catalogue;
use mdp::{ItemSet, Policy, PolicySession, Rng, SessionContext};

/// Makes a policy for a catalogue.
type Make = Box<dyn Fn(&Catalogue) -> Box<dyn Policy> + Send + Sync>;

/// An expert who recommends what a policy chooses: how a control that needs no model demonstrates.
pub struct PolicyExpert {
    name: &'static str,
    make: Make,
}

impl PolicyExpert {
    /// An expert of this name.
    pub fn new(
        name: &'static str,
        make: impl Fn(&Catalogue) -> Box<dyn Policy> + Send + Sync + 'static,
    ) -> Self {
        Self { name, make: Box::new(make) }
    }
}

impl Expert for PolicyExpert {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn study<'a>(&'a self, catalogue: &'a Catalogue) -> Box<dyn CatalogueExpert + 'a> {
        Box::new(Studied((self.make)(catalogue)))
    }
}

struct Studied(Box<dyn Policy>);

impl CatalogueExpert for Studied {
    fn start<'a>(&'a self, briefing: ExpertContext<'a>) -> Box<dyn ExpertSession + 'a> {
        let mut unavailable = ItemSet::empty(briefing.catalogue.len());
        briefing.history.iter().for_each(|seen| {
            unavailable.insert(seen.item);
        });
        let context = SessionContext { user: briefing.user, history: briefing.history };
        let thought = format!("Chosen by {}.", self.0.name());
        Box::new(Session {
            session: self.0.start(context),
            catalogue: briefing.catalogue,
            unavailable,
            thought,
        })
    }
}

struct Session<'a> {
    session: Box<dyn PolicySession + 'a>,
    catalogue: &'a Catalogue,
    unavailable: ItemSet,
    thought: String,
}

impl ExpertSession for Session<'_> {
    fn recommend(&mut self, rng: &mut Rng) -> Answer {
        let item = self.session.choose(&self.unavailable, rng).item;
        Answer { thought: self.thought.clone(), title: self.catalogue.item(item).title.clone() }
    }

    fn observe(&mut self, reaction: Reaction) {
        match reaction {
            Reaction::Shown { item, reward } => {
                self.unavailable.insert(item);
                self.session.observe(item, reward);
            }
            Reaction::Refused { item } => {
                if let Some(item) = item {
                    self.unavailable.insert(item);
                }
            }
        }
    }
}
