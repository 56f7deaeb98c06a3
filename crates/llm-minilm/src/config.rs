//! The shape of the network, as `config.json` says it.

use serde::Deserialize;

use crate::MiniLmError;

/// The keys that matter, under their published names; others are ignored.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Config {
    pub(crate) model_type: String,
    pub(crate) hidden_act: String,
    #[serde(rename = "hidden_size")]
    pub(crate) width: usize,
    #[serde(rename = "intermediate_size")]
    pub(crate) inner_width: usize,
    #[serde(rename = "num_hidden_layers")]
    pub(crate) n_layers: usize,
    #[serde(rename = "num_attention_heads")]
    pub(crate) n_heads: usize,
    #[serde(rename = "max_position_embeddings")]
    pub(crate) n_positions: usize,
    #[serde(rename = "type_vocab_size")]
    pub(crate) n_types: usize,
    #[serde(rename = "vocab_size")]
    pub(crate) n_tokens: usize,
    #[serde(rename = "layer_norm_eps")]
    pub(crate) epsilon: f64,
    #[serde(default = "absolute")]
    pub(crate) position_embedding_type: String,
}

/// The largest number a shape may hold: products of two stay far from overflow.
const MOST: usize = 1 << 20;

fn absolute() -> String {
    "absolute".to_owned()
}

impl Config {
    /// Refuses other kinds of networks, and shapes that contradict themselves.
    pub(crate) fn check(&self) -> Result<(), MiniLmError> {
        let kind = (&*self.model_type, &*self.hidden_act, &*self.position_embedding_type);
        if kind != ("bert", "gelu", "absolute") {
            let (model, activation, positions) = kind;
            let what = format!("a {model} network with {activation} and {positions} positions");
            return Err(MiniLmError::unfit(what));
        }
        let sizes = [self.width, self.inner_width, self.n_layers, self.n_heads, self.n_tokens];
        let is_sound = sizes.iter().all(|size| (1..=MOST).contains(size))
            && (3..=MOST).contains(&self.n_positions)
            && (1..=MOST).contains(&self.n_types)
            && self.width.is_multiple_of(self.n_heads)
            && self.epsilon.is_finite();
        if is_sound {
            Ok(())
        } else {
            Err(MiniLmError::unfit("a shape that contradicts itself in config.json"))
        }
    }
}
