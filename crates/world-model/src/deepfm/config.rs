//! Settings of the DeepFM ensemble.

use crate::WorldError;
use crate::negatives::{NegativeRule, NegativeUsers};
use serde::{Deserialize, Serialize};

/// Which cells the loss looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// The logged ratings alone.
    Point,
    /// Logged ratings and, for each, sampled cells whose target is `negative_target`.
    Pointneg,
    /// Logged cells above sampled ones. The means order items and lie on no scale: for comparison with the
    /// published choices, not for worlds whose rewards are ratings.
    Pair,
    /// `point` and half of `pair`.
    Pp,
}

impl Loss {
    /// Whether cells are sampled for it.
    pub(crate) fn samples_negatives(self) -> bool {
        self != Self::Point
    }
}

/// What stands for an item beside its own embedding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemContent {
    /// Nothing, as published.
    None,
    /// The mean of its categories' embeddings is added to its own, so that items with few ratings start from
    /// what is known about their kind.
    Categories,
}

/// Which embedding rows a gradient step moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowUpdate {
    /// Those of the batch (lazy Adam: every row counts its own steps), so that the cost does not grow with the
    /// number of users, and L2 weighs a row once for each batch it appears in.
    Touched,
    /// All of them at every step: Adam as PyTorch runs it on dense gradients.
    All,
}

/// Settings of the ensemble. The defaults are those with the best held-out error on MovieLens latest-small among
/// the ones tried (root mean squared error 0.767; without categories 0.774; sampled negatives at 0 on its graded
/// ratings 1.52); [`DeepFmConfig::published`] are ROLeR's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeepFmConfig {
    /// Length of an embedding.
    pub embedding_dim: usize,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Networks in the ensemble.
    pub n_members: usize,
    /// Whether all members start from the same weights and differ in the order of batches alone.
    pub same_initial_weights: bool,
    /// What stands for an item beside its own embedding.
    pub item_content: ItemContent,
    /// The loss; left out, it follows the data: `point` for graded ratings, `pointneg` where negatives are sampled.
    pub loss: Option<Loss>,
    /// Sampled cells for each logged one in a pass; each comes with a repetition of the logged one, as published.
    /// They are drawn afresh in every pass, so more of them mostly make a pass longer.
    pub n_negatives: usize,
    /// Whose cells are sampled.
    pub negative_users: NegativeUsers,
    /// The target of sampled cells, the judge's too.
    pub negative_target: f32,
    /// Adam's step size.
    pub learning_rate: f32,
    /// Logged ratings in a batch (pairs of logged and sampled cells under `pointneg`).
    pub batch_size: usize,
    /// Passes over the data at most.
    pub max_epochs: usize,
    /// Passes without a better validation error before a member stops; 0 runs all passes.
    pub patience: usize,
    /// Deviation of initial embeddings.
    pub embedding_deviation: f32,
    /// Deviation of the layers' initial weights; left out, uniform within one over the root of the inputs.
    pub layer_deviation: Option<f32>,
    /// Whether the scalar bias starts at the mean rating instead of at 0.
    pub start_at_mean: bool,
    /// Weight of squared embeddings in the loss (a sum over the batch).
    pub l2_embedding: f32,
    /// Weight of every squared parameter in the loss (a sum over the batch).
    pub l2_all: f32,
    /// Which embedding rows a step moves.
    pub row_update: RowUpdate,
}

impl Default for DeepFmConfig {
    fn default() -> Self {
        Self {
            embedding_dim: 8,
            hidden: vec![128, 128],
            n_members: 5,
            same_initial_weights: false,
            item_content: ItemContent::Categories,
            loss: None,
            n_negatives: 1,
            negative_users: NegativeUsers::Own,
            negative_target: 2.0,
            learning_rate: 3e-3,
            batch_size: 256,
            max_epochs: 40,
            patience: 3,
            embedding_deviation: 0.01,
            layer_deviation: None,
            start_at_mean: true,
            l2_embedding: 0.05,
            l2_all: 1e-4,
            row_update: RowUpdate::Touched,
        }
    }
}

impl DeepFmConfig {
    /// The settings of the published code (ROLeR's world model).
    pub fn published() -> Self {
        Self {
            same_initial_weights: true,
            item_content: ItemContent::None,
            loss: Some(Loss::Pointneg),
            n_negatives: 5,
            negative_users: NegativeUsers::Any,
            negative_target: 0.0,
            learning_rate: 1e-3,
            max_epochs: 5,
            patience: 0,
            embedding_deviation: 1e-3,
            layer_deviation: Some(1e-3),
            start_at_mean: false,
            l2_embedding: 1e-5,
            l2_all: 0.1,
            row_update: RowUpdate::All,
            ..Self::default()
        }
    }

    /// How negatives are sampled, so many for each logged cell.
    pub fn negative_rule(&self, n_each: usize) -> NegativeRule {
        NegativeRule { users: self.negative_users, n_each, target: self.negative_target }
    }

    /// Refuses settings without a meaning.
    ///
    /// # Errors
    /// Names the first one found.
    pub fn check(&self) -> Result<(), WorldError> {
        let positive = [
            ("embedding_dim", self.embedding_dim),
            ("n_members", self.n_members),
            ("batch_size", self.batch_size),
            ("max_epochs", self.max_epochs),
            ("hidden", self.hidden.iter().copied().min().unwrap_or(0)),
        ];
        for (setting, value) in positive {
            if value == 0 || value > 1 << 16 {
                let expected = "between 1 and 65536";
                return Err(WorldError::Setting { setting, expected, got: value.to_string() });
            }
        }
        let not_negative = [
            ("learning_rate", self.learning_rate),
            ("embedding_deviation", self.embedding_deviation),
            ("layer_deviation", self.layer_deviation.unwrap_or(0.0)),
            ("l2_embedding", self.l2_embedding),
            ("l2_all", self.l2_all),
            ("negative_target", self.negative_target),
        ];
        for (setting, value) in not_negative {
            if !(value >= 0.0 && value.is_finite()) {
                let expected = "a number not below 0";
                return Err(WorldError::Setting { setting, expected, got: value.to_string() });
            }
        }
        Ok(())
    }
}
