//! Settings of IL-Rec and of what is made of it by switching parts off.

use learning::LearningError;
use ranking::Selection;
use representation::TasteConfig;
use reward::WeightConfig;
use serde::{Deserialize, Serialize};

/// Settings as written in a file; [`Config::check`] makes them usable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The taste model.
    pub taste: TasteConfig,
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

/// Settings of the loop; see `preset.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset documents every key")]
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
    pub first_weights: FirstWeights,
    pub selection: Selection,
}

/// What the actor starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstWeights {
    /// Predicted reward and learned staying, weighed by hand: what the control `planner` stays at.
    Planner,
    /// None: every item is as probable as any other.
    Neutral,
}

/// Settings of imitation; see `preset.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset documents every key")]
pub struct ImitationSettings {
    pub coefficient: f32,
    pub sessions_per_iteration: usize,
    pub beta: f32,
    pub alpha: f32,
    pub gamma_irl: f32,
}

/// Settings of the discriminator; see `preset.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset documents every key")]
pub struct LearnedRewardSettings {
    pub coefficient: f32,
    pub pessimism: f32,
    pub learning_rate: f32,
    pub weight_decay: f32,
}

/// Settings of the hazard; see `preset.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset documents every key")]
pub struct HazardSettings {
    pub learning_rate: f32,
    pub memory: usize,
    pub gradient_steps: usize,
    pub batch: usize,
}

/// What is on; see `preset.toml`.
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

impl Default for Config {
    fn default() -> Self {
        toml::from_str(super::PRESET).expect("the embedded preset is tested")
    }
}

impl Config {
    /// Refuses values with which nothing can be learned.
    ///
    /// # Errors
    /// The first setting out of its range.
    pub fn check(&self) -> Result<(), LearningError> {
        let Self { training: t, hazard, taste, learned_reward, switches, imitation } = self;
        let ranges: [(&'static str, f64, f64, f64); 13] = [
            ("training.steps_per_iteration", t.steps_per_iteration as f64, 1.0, 1e7),
            ("training.discount", f64::from(t.discount), 0.0, 0.9999),
            ("imitation.sessions_per_iteration", imitation.sessions_per_iteration as f64, 1.0, 1e20),
            ("hazard.gradient_steps", hazard.gradient_steps as f64, 1.0, 1e6),
            ("training.gae_lambda", f64::from(t.gae_lambda), 0.0, 1.0),
            ("training.actor_learning_rate", f64::from(t.actor_learning_rate), 0.0, 10.0),
            ("training.critic_learning_rate", f64::from(t.critic_learning_rate), 0.0, 10.0),
            ("training.validation_interval", t.validation_interval as f64, 1.0, 1e9),
            ("training.n_validation_users", t.n_validation_users as f64, 1.0, 1e9),
            ("hazard.memory", hazard.memory as f64, 1.0, 1e9),
            ("hazard.batch", hazard.batch as f64, 1.0, 1e6),
            ("learned_reward.pessimism", f64::from(learned_reward.pessimism), 0.0, 100.0),
            ("learned_reward.coefficient", f64::from(learned_reward.coefficient), 0.0, 100.0),
        ];
        crate::registry::within(&ranges)?;
        crate::registry::within(&taste.ranges())?;
        if !switches.demonstrations && !switches.actor_critic && t.n_env_steps > 0 {
            return Err(LearningError::NothingToLearnFrom);
        }
        self.weights().map(drop)
    }

    /// The checked form of the weight settings.
    ///
    /// # Errors
    /// When they are out of range.
    pub fn weights(&self) -> Result<WeightConfig, LearningError> {
        let ImitationSettings { beta, alpha, gamma_irl, .. } = self.imitation;
        let limited =
            WeightConfig::new(beta, alpha, gamma_irl).and_then(|weights| weights.with_limits(0.02, 20.0));
        limited.map_err(|error| LearningError::Settings {
            algorithm: "il-rec",
            why: format!("imitation: {error}"),
        })
    }
}
