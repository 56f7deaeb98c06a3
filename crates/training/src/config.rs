//! Settings: a TOML file, then checked values.

use crate::TrainingError;
use reward::{ValueFitConfig, WeightConfig};
use serde::{Deserialize, Serialize};

/// The preset `released`.
pub const RELEASED: &str = include_str!("../../../presets/released.toml");
/// The preset `vectorised`.
pub const VECTORISED: &str = include_str!("../../../presets/vectorised.toml");
/// The preset `paper`.
pub const PAPER: &str = include_str!("../../../presets/paper.toml");

/// Which loop a file of settings describes; the name in every result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// What the published code does.
    Released,
    /// The published loop with sessions stepped together and large batches.
    Vectorised,
    /// What the paper describes.
    Paper,
}

impl Preset {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Vectorised => "vectorised",
            Self::Paper => "paper",
        }
    }

    /// The preset's file.
    pub fn text(self) -> &'static str {
        match self {
            Self::Released => RELEASED,
            Self::Vectorised => VECTORISED,
            Self::Paper => PAPER,
        }
    }
}

/// A dataset for which the publication has settings of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishedDataset {
    /// Amazon Book, 13,864 items.
    Amazon,
    /// Steam, 6,012 items.
    Steam,
}

/// Whether a rollout may show an item again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    /// As published.
    Allowed,
    /// Neither what the session showed nor what the user's log holds is shown.
    Masked,
}

/// Whether there are demonstrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// A run without usable ones is an error.
    Required,
    /// They are ignored: the actor-critic control.
    None,
}

/// What the discriminator and the demonstrations' action values look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// A vector of the text that describes user, session and item.
    Text,
    /// The tracker's state beside the item's vector.
    State,
}

/// Which demonstrations get new weights after the discriminator moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reweigh {
    /// Those of the discriminator's batch, relative to each other.
    Batch,
    /// All, relative to all.
    All,
}

/// `[network]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset files document every key")]
pub struct NetworkSettings {
    pub width: usize,
    pub window: usize,
    pub n_layers: usize,
    pub dropout: f32,
    pub logit_limit: f32,
    pub learning_rate: f32,
    pub row_norm_limit: f32,
    pub bias_limit: f32,
}

/// `[critic]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset files document every key")]
pub struct CriticSettings {
    pub n_hidden: usize,
    pub learning_rate: f32,
    pub target_interval: u64,
    pub target_rate: f32,
    pub learned_reward: f32,
}

/// `[rollout]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset files document every key")]
pub struct RolloutSettings {
    pub n_episodes: u64,
    pub sessions_together: usize,
    pub overlap: bool,
    pub discount: f32,
    pub repeats: Repeats,
}

/// `[replay]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset files document every key")]
pub struct ReplaySettings {
    pub batch_size: usize,
    pub rows_per_episode: u64,
    pub env_priority: f64,
}

/// `[loss]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset files document every key")]
pub struct LossSettings {
    pub entropy: f32,
    pub imitation: f32,
    pub advantage_limit: f32,
}

/// `[demonstrations]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset files document every key")]
pub struct DemonstrationSettings {
    pub presence: Presence,
    pub beta: f32,
    pub alpha: f32,
    pub gamma_irl: f32,
    pub refresh_interval: u64,
}

/// `[advantages]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset files document every key")]
pub struct AdvantageSettings {
    pub n_gradient_steps: usize,
    pub learning_rate: f32,
    pub n_hidden: usize,
}

/// `[discriminator]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset files document every key")]
pub struct DiscriminatorSettings {
    pub features: FeatureKind,
    pub text_width: usize,
    pub n_hidden: usize,
    pub learning_rate: f32,
    pub interval: u64,
    pub n_gradient_steps: u64,
    pub demo_batch_size: usize,
    pub reweigh: Reweigh,
}

/// The settings as a file has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the preset files document every key")]
pub struct RawTrainingConfig {
    pub preset: Preset,
    pub network: NetworkSettings,
    pub critic: CriticSettings,
    pub rollout: RolloutSettings,
    pub replay: ReplaySettings,
    pub loss: LossSettings,
    pub demonstrations: DemonstrationSettings,
    pub advantages: AdvantageSettings,
    pub discriminator: DiscriminatorSettings,
}

impl RawTrainingConfig {
    /// The same with the publication's values for one of its datasets. The clamp of the logits belongs to the code,
    /// so `paper` does not get it.
    ///
    /// # Source
    /// `docs/spec/hyper-parameters.md`.
    pub fn with_published_values(mut self, dataset: PublishedDataset) -> Self {
        let (beta, alpha, imitation, logit_limit) = match dataset {
            PublishedDataset::Amazon => (1.0, 0.25, 0.5, 1.0),
            PublishedDataset::Steam => (10.0, 0.5, 0.25, 15.0),
        };
        (self.demonstrations.beta, self.demonstrations.alpha) = (beta, alpha);
        self.loss.imitation = imitation;
        if self.preset != Preset::Paper {
            self.network.logit_limit = logit_limit;
        }
        self
    }
}

/// Settings that make sense together.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingConfig {
    raw: RawTrainingConfig,
    weights: WeightConfig,
}

impl TrainingConfig {
    /// Reads and checks settings.
    ///
    /// # Errors
    /// When the text is not TOML, a key is unknown or missing, or a value is out of range.
    pub fn from_toml(text: &str) -> Result<Self, TrainingError> {
        let raw: RawTrainingConfig = toml::from_str(text)?;
        raw.try_into()
    }

    /// The settings as a file would have them.
    pub fn raw(&self) -> &RawTrainingConfig {
        &self.raw
    }

    /// The weights' settings.
    pub(crate) fn weights(&self) -> &WeightConfig {
        &self.weights
    }

    /// How the demonstrations' values are fitted.
    pub(crate) fn value_fit(&self) -> ValueFitConfig {
        let AdvantageSettings { n_gradient_steps, learning_rate, n_hidden } = self.raw.advantages;
        ValueFitConfig { n_gradient_steps, learning_rate, n_hidden }
    }
}

impl TryFrom<RawTrainingConfig> for TrainingConfig {
    type Error = TrainingError;

    fn try_from(raw: RawTrainingConfig) -> Result<Self, TrainingError> {
        let RawTrainingConfig {
            preset: _,
            network,
            critic,
            rollout,
            replay,
            loss,
            demonstrations,
            advantages,
            discriminator,
        } = &raw;
        let sizes = [
            ("network.width", network.width),
            ("network.window", network.window),
            ("network.n_layers", network.n_layers),
            ("critic.n_hidden", critic.n_hidden),
            ("critic.target_interval", critic.target_interval as usize),
            ("rollout.sessions_together", rollout.sessions_together),
            ("replay.batch_size", replay.batch_size),
            ("replay.rows_per_episode", replay.rows_per_episode as usize),
            ("advantages.n_hidden", advantages.n_hidden),
            ("discriminator.n_hidden", discriminator.n_hidden),
            ("discriminator.text_width", discriminator.text_width),
            ("discriminator.interval", discriminator.interval as usize),
            ("discriminator.demo_batch_size", discriminator.demo_batch_size),
        ];
        // Adam moves a parameter by as much as the rate: more than 1 is no learning.
        let rates = [
            ("network.learning_rate", network.learning_rate),
            ("critic.learning_rate", critic.learning_rate),
            ("advantages.learning_rate", advantages.learning_rate),
            ("discriminator.learning_rate", discriminator.learning_rate),
        ];
        let not_negative = [
            ("network.logit_limit", network.logit_limit),
            ("network.bias_limit", network.bias_limit),
            ("critic.learned_reward", critic.learned_reward),
            ("loss.entropy", loss.entropy),
            ("loss.imitation", loss.imitation),
            ("loss.advantage_limit", loss.advantage_limit),
            ("replay.env_priority", replay.env_priority as f32),
        ];
        let shares = [("rollout.discount", rollout.discount), ("critic.target_rate", critic.target_rate)];
        refuse("from 1 to 1048576", sizes.into_iter().find(|(_, n)| !(1..=1 << 20).contains(n)))?;
        refuse("above 0, at most 1", rates.into_iter().find(|&(_, x)| !(x > 0.0 && x <= 1.0)))?;
        let norm = ("network.row_norm_limit", network.row_norm_limit);
        refuse("above 0", Some(norm).filter(|&(_, x)| !(x > 0.0 && x.is_finite())))?;
        refuse("at least 0", not_negative.into_iter().find(|&(_, x)| !(x >= 0.0 && x.is_finite())))?;
        refuse("between 0 and 1", shares.into_iter().find(|(_, x)| !(0.0..=1.0).contains(x)))?;
        let dropout = ("network.dropout", network.dropout);
        refuse("at least 0, below 1", Some(dropout).filter(|(_, x)| !(0.0..1.0).contains(x)))?;
        refuse_together(network, rollout)?;
        let DemonstrationSettings { presence, beta, alpha, gamma_irl, .. } = *demonstrations;
        let learned = ("critic.learned_reward", critic.learned_reward);
        refuse(
            "0 without demonstrations",
            Some(learned).filter(|(_, x)| presence == Presence::None && *x > 0.0),
        )?;
        let priority = ("replay.env_priority", replay.env_priority);
        let is_all = presence == Presence::None;
        refuse("above 0 without demonstrations", Some(priority).filter(|(_, x)| is_all && *x == 0.0))?;
        // Checkpoints store whole numbers as f32.
        let episodes = ("rollout.n_episodes", rollout.n_episodes);
        refuse("from 1 to 16777216", Some(episodes).filter(|&(_, n)| !(1..=1 << 24).contains(&n)))?;
        let weights = WeightConfig::new(beta, alpha, gamma_irl)?;
        Ok(Self { weights, raw })
    }
}

/// What sessions stepped together ask of other settings.
fn refuse_together(network: &NetworkSettings, rollout: &RolloutSettings) -> Result<(), TrainingError> {
    let is_together = rollout.sessions_together > 1;
    let width = ("network.width", network.width);
    let is_odd = is_together && !network.width.is_multiple_of(16);
    refuse(
        "a multiple of 16 with more than one of rollout.sessions_together",
        Some(width).filter(|_| is_odd),
    )?;
    let overlap = ("rollout.overlap", rollout.overlap);
    let is_alone = rollout.overlap && !is_together;
    refuse("false with one of rollout.sessions_together", Some(overlap).filter(|_| is_alone))
}

/// The error for the first offender, if there is one.
fn refuse<T>(expected: &'static str, offender: Option<(&'static str, T)>) -> Result<(), TrainingError> {
    offender.map_or(Ok(()), |(name, _)| Err(TrainingError::Setting { name, expected }))
}
