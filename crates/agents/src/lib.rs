//! Language-model agents that demonstrate: Planner, Actor, Critic and Reflector over any language model.

mod actor;
mod agent_session;
mod agents;
mod collect;
mod critic;
mod error;
mod estimate;
mod health;
mod identity;
mod journal;
mod kind;
mod losses;
mod memory;
mod models;
mod planner;
mod play;
mod progress;
mod prompts;
mod reflector;
mod reply;
mod settings;
mod slate;
mod totals;

pub use collect::{AgentsCollected, Collection, collect};
pub use error::AgentError;
pub use estimate::{Estimate, Expected, Need, estimate};
pub use identity::Difference;
pub use journal::Journal;
pub use kind::{AgentKind, Modules, Part, Recall, UnknownTitle};
pub use losses::Losses;
pub use models::{Models, NoModels, Terms};
pub use progress::Progress;
pub use prompts::Prompts;
pub use reply::{Problem, Understood, read_reflection, read_thought, read_title, read_value};
pub use settings::{
    ActorKind, AgentSettings, Decode, MemoryEmbedding, MemorySettings, SamplingSettings, SlateSettings,
};

#[cfg(test)]
mod tests;
