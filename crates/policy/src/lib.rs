//! The published policy: its actor, its critic, their losses, and the frozen policy that comes out.

mod acting;
mod actor;
mod critic;
mod error;
mod large;
mod loss;
mod published;

pub use acting::{Acting, Snapshot};
pub use actor::{Actor, ActorConfig, ActorParts, ActorRow, StateInput};
pub use critic::{Critic, CriticConfig, CriticLoss, CriticParts, CriticRow};
pub use error::PolicyError;
pub use large::LargeActor;
pub use loss::{
    LossConfig, PolicyLoss, PolicyRow, normalise_advantages, policy_loss, temporal_difference_target,
};
pub use published::PublishedPolicy;

#[cfg(test)]
mod tests;
