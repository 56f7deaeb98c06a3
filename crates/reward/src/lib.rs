//! Inverse reinforcement learning: who made this step, what that says about its worth, and how much to imitate it.

mod advantages;
mod discriminator;
mod error;
mod text;
mod weights;

pub use advantages::{DemoAdvantages, ValueFit, ValueFitConfig, fit_value};
pub use discriminator::{
    Discriminator, LABEL_DEMONSTRATION, LABEL_POLICY, binary_cross_entropy, learned_reward,
    probability_of_policy,
};
pub use error::RewardError;
pub use text::{HashedTextEncoder, StateActionText, TextEncoder};
pub use weights::{WeightConfig, env_weight, fused_weights, irl_weight};

#[cfg(test)]
mod tests;
