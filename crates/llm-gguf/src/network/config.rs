//! The sizes of a network, from the file's metadata.

use crate::GgufError;
use crate::file::GgufFile;

/// Sizes that no real model reaches; they keep arithmetic on them far from overflow.
const MAX_SIDE: usize = 1 << 20;
const MAX_LAYERS: usize = 1 << 10;
const MAX_HEADS: usize = 1 << 10;
const MAX_HEAD_WIDTH: usize = 1 << 10;
/// The most bytes that keys, values and rotations of a context may take. The weights take what the file has.
const MEMORY: usize = 16 << 30;
const GEMMA_27B_LAYERS: usize = 62;
/// What files of Gemma 3 leave out.
const GEMMA_PATTERN: usize = 6;
const GEMMA_LOCAL_BASE: f64 = 10_000.0;

/// Which pairs of a head's elements are rotated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// Neighbours.
    Neighbours,
    /// Element `i` with element `i + half`.
    Halves,
}

/// What the gate of the inner network goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// `x * sigmoid(x)`.
    Silu,
    /// The normal distribution's `x * P(X < x)`, approximated with a hyperbolic tangent.
    Gelu,
}

/// Layers that see the latest tokens only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Local {
    /// How many tokens they see, their own among them.
    pub(crate) window: usize,
    /// Every layer of this number sees everything.
    every: usize,
    /// Base of their rotation, which is not scaled.
    pub(crate) rope_base: f64,
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
    pub(crate) gate: Gate,
    /// Embeddings are multiplied by this.
    pub(crate) embedding_scale: f32,
    /// Queries are multiplied by this.
    pub(crate) query_scale: f32,
    pub(crate) local: Option<Local>,
}

impl Config {
    /// Reads and checks the sizes.
    pub(crate) fn read(file: &GgufFile) -> Result<Self, GgufError> {
        let architecture = file.text("general.architecture").unwrap_or("unknown");
        let pairing = match architecture {
            "llama" => Pairing::Neighbours,
            "qwen2" | "qwen3" | "gemma3" => Pairing::Halves,
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
        let (is_gemma, n_layers) = (architecture == "gemma3", file.count(&key("block_count"), MAX_LAYERS)?);
        // The largest Gemma divides by the width of a head as it would be if all heads made up the width.
        let scaled_width =
            if is_gemma && n_layers == GEMMA_27B_LAYERS { width / n_heads } else { head_width };
        let config = Self {
            n_layers,
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
            gate: if is_gemma { Gate::Gelu } else { Gate::Silu },
            embedding_scale: if is_gemma { (width as f32).sqrt() } else { 1.0 },
            query_scale: 1.0 / (scaled_width as f32).sqrt(),
            local: if is_gemma { local(file, &key)? } else { None },
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
            (self.n_heads > MAX_HEADS, "attention.head_count is larger than 1024"),
            (self.head_width > MAX_HEAD_WIDTH, "attention.key_length is larger than 1024"),
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
                [Some(self.rope_base), self.local.map(|local| local.rope_base)]
                    .into_iter()
                    .flatten()
                    .any(|base| !base.is_finite() || base <= 1.0),
                "the rotation's base is no number above 1",
            ),
        ];
        wrong
            .into_iter()
            .find(|(is_wrong, _)| *is_wrong)
            .map_or(Ok(()), |(_, what)| Err(GgufError::unfit(what)))
    }

    /// Refuses sizes for which `cached` tokens and a context do not fit into 16 GiB.
    pub(crate) fn check_memory(&self, context: usize, cached: usize) -> Result<(), GgufError> {
        let of_cache =
            2usize.checked_mul(self.n_layers * self.key_width()).and_then(|n| n.checked_mul(cached));
        let of_rotations = (2 * self.rotated).checked_mul(context);
        let floats = of_cache.zip(of_rotations).and_then(|(cache, rotations)| cache.checked_add(rotations));
        match floats.and_then(|floats| floats.checked_mul(size_of::<f32>())) {
            Some(bytes) if bytes <= MEMORY => Ok(()),
            _ => Err(GgufError::unfit(format!(
                "block_count {}, attention.head_count_kv {} and attention.key_length {} need more than 16 GiB for {cached} \
                 tokens",
                self.n_layers, self.n_kv_heads, self.head_width
            ))),
        }
    }

    /// How a layer differs from those that see everything, if it does.
    pub(crate) fn local(&self, layer: usize) -> Option<Local> {
        self.local.filter(|local| !(layer + 1).is_multiple_of(local.every))
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

/// Windows of the layers, if there are any.
fn local(file: &GgufFile, key: &dyn Fn(&str) -> String) -> Result<Option<Local>, GgufError> {
    if file.integer(&key("attention.sliding_window")).is_none_or(|window| window == 0) {
        return Ok(None);
    }
    let pattern = key("attention.sliding_window_pattern");
    let every = if file.get(&pattern).is_some() { file.count(&pattern, MAX_LAYERS)? } else { GEMMA_PATTERN };
    let rope_base = file.float(&key("rope.freq_base_swa")).unwrap_or(GEMMA_LOCAL_BASE);
    let window = file.count(&key("attention.sliding_window"), usize::MAX >> 1)?;
    Ok(Some(Local { window, every, rope_base }))
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
