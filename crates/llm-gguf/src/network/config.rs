//! The sizes of a network, from the file's metadata.

use crate::GgufError;
use crate::file::GgufFile;

/// Sizes that no real model reaches; they keep arithmetic on them far from overflow.
const MAX_SIDE: usize = 1 << 20;
const MAX_LAYERS: usize = 1 << 10;

/// Which pairs of a head's elements are rotated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// Neighbours.
    Neighbours,
    /// Element `i` with element `i + half`.
    Halves,
}

/// Sizes and constants.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) n_layers: usize,
    pub(crate) width: usize,
    pub(crate) n_heads: usize,
    pub(crate) n_kv_heads: usize,
    pub(crate) head_width: usize,
    pub(crate) inner_width: usize,
    /// Longest context the model was made for.
    pub(crate) context: usize,
    pub(crate) norm_epsilon: f32,
    pub(crate) rotated: usize,
    pub(crate) rope_base: f64,
    /// Positions are divided by this.
    pub(crate) rope_scale: f64,
    pub(crate) pairing: Pairing,
}

impl Config {
    /// Reads and checks the sizes.
    pub(crate) fn read(file: &GgufFile) -> Result<Self, GgufError> {
        let architecture = file.text("general.architecture").unwrap_or("unknown");
        let pairing = match architecture {
            "llama" => Pairing::Neighbours,
            "qwen2" | "qwen3" => Pairing::Halves,
            _ => return Err(GgufError::unsupported(format!("the architecture {architecture}"))),
        };
        let key = |name: &str| format!("{architecture}.{name}");
        let count = |name: &str| file.count(&key(name), MAX_SIDE);
        let optional = |name: &str, default: usize| match file.get(&key(name)) {
            Some(_) => count(name),
            None => Ok(default),
        };
        let (width, n_heads) = (count("embedding_length")?, count("attention.head_count")?);
        let head_width = optional("attention.key_length", width / n_heads)?;
        if file.integer(&key("expert_count")).is_some_and(|n| n > 0) {
            return Err(GgufError::unsupported("mixtures of experts"));
        }
        let config = Self {
            n_layers: file.count(&key("block_count"), MAX_LAYERS)?,
            width,
            n_heads,
            n_kv_heads: optional("attention.head_count_kv", n_heads)?,
            head_width,
            inner_width: count("feed_forward_length")?,
            context: file.count(&key("context_length"), usize::MAX >> 1)?,
            norm_epsilon: file.float(&key("attention.layer_norm_rms_epsilon")).unwrap_or(1e-5) as f32,
            rotated: optional("rope.dimension_count", head_width)?,
            rope_base: file.float(&key("rope.freq_base")).unwrap_or(10_000.0),
            rope_scale: rope_scale(file, &key)?,
            pairing,
        };
        config.check(optional("attention.value_length", head_width)?)?;
        Ok(config)
    }

    fn check(&self, value_width: usize) -> Result<(), GgufError> {
        let wrong = [
            (!self.n_heads.is_multiple_of(self.n_kv_heads), "heads do not divide into groups"),
            (
                self.head_width == 0 || !self.head_width.is_multiple_of(16),
                "the head's width is no multiple of 16",
            ),
            (value_width != self.head_width, "keys and values differ in width"),
            (
                self.rotated > self.head_width || !self.rotated.is_multiple_of(2),
                "more is rotated than there is",
            ),
            (
                !self.norm_epsilon.is_finite() || self.norm_epsilon < 0.0,
                "the norm's epsilon is no small number",
            ),
            (
                !self.rope_base.is_finite() || self.rope_base <= 1.0,
                "the rotation's base is no number above 1",
            ),
        ];
        wrong
            .into_iter()
            .find(|(is_wrong, _)| *is_wrong)
            .map_or(Ok(()), |(_, what)| Err(GgufError::unfit(what)))
    }

    /// Elements of all query heads.
    pub(crate) fn query_width(&self) -> usize {
        self.n_heads * self.head_width
    }

    /// Elements of all key heads.
    pub(crate) fn key_width(&self) -> usize {
        self.n_kv_heads * self.head_width
    }
}

fn rope_scale(file: &GgufFile, key: &dyn Fn(&str) -> String) -> Result<f64, GgufError> {
    match file.text(&key("rope.scaling.type")) {
        None | Some("none") => Ok(1.0),
        Some("linear") => {
            let factor =
                file.float(&key("rope.scaling.factor")).filter(|factor| factor.is_finite() && *factor > 0.0);
            factor.ok_or_else(|| GgufError::unfit("the rotation's scaling has no factor"))
        }
        Some(other) => Err(GgufError::unsupported(format!("rotations scaled by {other}"))),
    }
}
