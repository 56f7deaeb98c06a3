//! Settings of the default learner.

use crate::RobustError;
use crate::taste::TasteConfig;
use reward::WeightConfig;
use serde::{Deserialize, Serialize};

/// The preset as a file, with a comment per setting.
pub const ROBUST_PRESET: &str = include_str!("../../../presets/robust.toml");

/// Settings as written in a file; [`RobustConfig::check`] makes them usable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobustConfig {
    /// The taste model.
    pub taste: TasteSettings,
    /// The loop.
    pub training: TrainingSettings,
    /// Imitation and its weights.
    pub imitation: ImitationSettings,
    /// The discriminator.
    pub learned_reward: LearnedRewardSettings,
    /// The quit hazard.
    pub hazard: HazardSettings,
    /// What is on.
    pub switches: Switches,
}

/// Settings of the taste model; see `presets/robust.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TasteSettings {
    pub n_factors: usize,
    pub n_categories: usize,
    pub n_sweeps: usize,
    pub offset_shrinkage: f32,
    pub ridge: f32,
}

/// Settings of the loop; see `presets/robust.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSettings {
    pub n_env_steps: u64,
    pub steps_per_iteration: usize,
    pub warm_start_iterations: u64,
    pub discount: f32,
    pub gae_lambda: f32,
    pub actor_learning_rate: f32,
    pub critic_learning_rate: f32,
    pub entropy: f32,
    pub validation_interval: u64,
    pub n_validation_users: usize,
}

/// Settings of imitation; see `presets/robust.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImitationSettings {
    pub coefficient: f32,
    pub sessions_per_iteration: usize,
    pub beta: f32,
    pub alpha: f32,
    pub gamma_irl: f32,
}

/// Settings of the discriminator; see `presets/robust.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnedRewardSettings {
    pub coefficient: f32,
    pub learning_rate: f32,
    pub weight_decay: f32,
}

/// Settings of the hazard; see `presets/robust.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HazardSettings {
    pub learning_rate: f32,
    pub memory: usize,
    pub gradient_steps: usize,
    pub batch: usize,
}

/// What is on; see `presets/robust.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switches {
    /// Imitation, weights and learned reward.
    pub demonstrations: bool,
    /// Demonstrated steps are weighed; off: every step counts 1.
    pub weights: bool,
    /// The discriminator's reward is part of the advantage.
    pub learned_reward: bool,
    /// The learned quit hazard is used, in acting and in the critic.
    pub hazard: bool,
    /// Learning from own sessions; off: imitation only.
    pub actor_critic: bool,
    /// Rewards of the session move the belief about the user.
    pub session_feedback: bool,
}

impl Default for RobustConfig {
    fn default() -> Self {
        toml::from_str(ROBUST_PRESET).expect("the embedded preset is tested")
    }
}

impl RobustConfig {
    /// Refuses values with which nothing can be learned.
    ///
    /// # Errors
    /// The first setting out of its range.
    pub fn check(&self) -> Result<(), RobustError> {
        let Self { training: t, hazard, taste, learned_reward, switches, .. } = self;
        let ranges: [(&'static str, f64, f64, f64); 14] = [
            ("taste.n_categories", taste.n_categories as f64, 0.0, 256.0),
            ("taste.n_factors", taste.n_factors as f64, 0.0, 256.0),
            ("taste.ridge", f64::from(taste.ridge), 1e-6, 1e6),
            ("taste.offset_shrinkage", f64::from(taste.offset_shrinkage), 1e-6, 1e6),
            ("training.steps_per_iteration", t.steps_per_iteration as f64, 1.0, 1e7),
            ("training.discount", f64::from(t.discount), 0.0, 1.0),
            ("training.gae_lambda", f64::from(t.gae_lambda), 0.0, 1.0),
            ("training.actor_learning_rate", f64::from(t.actor_learning_rate), 0.0, 10.0),
            ("training.critic_learning_rate", f64::from(t.critic_learning_rate), 0.0, 10.0),
            ("training.validation_interval", t.validation_interval as f64, 1.0, 1e9),
            ("training.n_validation_users", t.n_validation_users as f64, 1.0, 1e9),
            ("hazard.memory", hazard.memory as f64, 1.0, 1e9),
            ("hazard.batch", hazard.batch as f64, 1.0, 1e6),
            ("learned_reward.coefficient", f64::from(learned_reward.coefficient), 0.0, 100.0),
        ];
        for (setting, got, low, high) in ranges {
            if !(low..=high).contains(&got) {
                return Err(RobustError::Setting { setting, got, low, high });
            }
        }
        if !switches.demonstrations && !switches.actor_critic {
            return Err(RobustError::NothingToLearnFrom);
        }
        self.weights().map_err(RobustError::Weights)?;
        Ok(())
    }

    /// The checked form of the weight settings.
    ///
    /// # Errors
    /// When they are out of range.
    pub fn weights(&self) -> Result<WeightConfig, reward::RewardError> {
        let ImitationSettings { beta, alpha, gamma_irl, .. } = self.imitation;
        WeightConfig::new(beta, alpha, gamma_irl)?.with_limits(0.02, 20.0)
    }

    /// The checked form of the taste settings.
    pub fn taste(&self) -> TasteConfig {
        let TasteSettings { n_factors, n_categories, n_sweeps, offset_shrinkage, ridge } = self.taste;
        TasteConfig { n_factors, n_categories, n_sweeps, offset_shrinkage, ridge }
    }
}
