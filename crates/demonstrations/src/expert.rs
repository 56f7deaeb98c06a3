//! Experts that act in the train world.

mod account;
mod beliefs;
mod builtin;
mod collect;
mod policy;
mod reader;

pub use account::{AgentAccount, CallAccount};
pub use builtin::BuiltinExpert;
pub use collect::{CollectOptions, collect};
pub use policy::PolicyExpert;

#[cfg(test)]
mod tests;

use catalogue::Catalogue;
use mdp::{Interaction, ItemIdx, Rng, UserIdx};

/// What an expert is told when a session starts: what a prompt would show, never the environment.
#[derive(Clone, Copy, Debug)]
pub struct ExpertContext<'a> {
    /// Titles and categories of everything that can be recommended.
    pub catalogue: &'a Catalogue,
    /// Whose session it is.
    pub user: UserIdx,
    /// The user's logged history with ratings, oldest first.
    pub history: &'a [Interaction],
}

/// An expert's answer, as text: what it means in the catalogue is decided by grounding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// One line of reasoning.
    pub thought: String,
    /// The title recommended.
    pub title: String,
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reaction {
    /// The item was shown.
    Shown {
        /// What the text was taken to mean.
        item: ItemIdx,
        /// What the user answered, 1 to 5.
        reward: f32,
    },
    /// The text means no item, or one the user knows or has been shown.
    Refused {
        /// What the text was taken to mean, if anything.
        item: Option<ItemIdx>,
    },
}

/// Somebody who can be asked for recommendations.
pub trait Expert: Send + Sync {
    /// Its name, settings included, as on the command line.
    fn name(&self) -> String;
    /// Gets ready for a catalogue.
    fn study<'a>(&'a self, catalogue: &'a Catalogue) -> Box<dyn CatalogueExpert + 'a>;
}

/// An expert who knows the catalogue.
pub trait CatalogueExpert: Send + Sync {
    /// Starts a session; nothing of it is remembered in another.
    fn start<'a>(&'a self, briefing: ExpertContext<'a>) -> Box<dyn ExpertSession + 'a>;
}

/// One session of an expert: asked, told, in turn.
pub trait ExpertSession {
    /// Names the next recommendation.
    fn recommend(&mut self, rng: &mut Rng) -> Answer;
    /// Takes in what came of it.
    fn observe(&mut self, reaction: Reaction);
}
