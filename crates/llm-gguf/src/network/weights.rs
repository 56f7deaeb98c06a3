//! The weights of a network.

use super::config::Config;
use super::rope::Rope;
use crate::GgufError;
use crate::file::{GgufFile, Tensor};
use crate::matrix::{Matrix, read_floats};

/// One layer. Biases and the norms of heads are there where the architecture has them.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) attention_norm: Vec<f32>,
    pub(super) query: Matrix,
    pub(super) key: Matrix,
    pub(super) value: Matrix,
    pub(super) query_bias: Option<Vec<f32>>,
    pub(super) key_bias: Option<Vec<f32>>,
    pub(super) value_bias: Option<Vec<f32>>,
    pub(super) query_norm: Option<Vec<f32>>,
    pub(super) key_norm: Option<Vec<f32>>,
    pub(super) attention_output: Matrix,
    pub(super) attention_end_norm: Option<Vec<f32>>,
    pub(super) inner_norm: Vec<f32>,
    pub(super) gate: Matrix,
    pub(super) up: Matrix,
    pub(super) down: Matrix,
    pub(super) inner_end_norm: Option<Vec<f32>>,
}

/// A whole network. Embeddings are read from the file, row by row, as they are needed.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) config: Config,
    pub(super) layers: Vec<Layer>,
    pub(super) output_norm: Vec<f32>,
    pub(super) output: Matrix,
    rope: Rope,
    /// The rotation of layers that see a window only.
    local_rope: Option<Rope>,
    embedding: Tensor,
    file: GgufFile,
}

impl Network {
    /// Reads all weights; positions up to `context` will be asked for.
    pub(crate) fn read(
        file: GgufFile,
        config: Config,
        n_tokens: usize,
        context: usize,
    ) -> Result<Self, GgufError> {
        let source = Source { file: &file };
        let embedding = source.expect("token_embd.weight", &[config.width, n_tokens])?.clone();
        let output = match file.tensor("output.weight") {
            Some(_) => {
                source.sound("token_embd.weight", &embedding)?;
                source.matrix("output.weight", config.width, n_tokens)?
            }
            None => source.matrix("token_embd.weight", config.width, n_tokens)?,
        };
        let layers = (0..config.n_layers).map(|n| source.layer(n, &config)).collect::<Result<_, _>>()?;
        let factors = source.optional("rope_freqs.weight", config.rotated / 2)?;
        let rope =
            |constants, factors| Rope::new(config.pairing, config.rotated, constants, context, factors);
        Ok(Self {
            layers,
            output_norm: source.vector("output_norm.weight", config.width)?,
            output,
            rope: rope((config.rope_base, config.rope_scale), factors.as_deref()),
            local_rope: config.local.map(|local| rope((local.rope_base, 1.0), None)),
            embedding,
            config,
            file,
        })
    }

    /// The embedding of one token of the vocabulary.
    pub(super) fn embed(&self, token: u32) -> Vec<f32> {
        let bytes = self.file.bytes(&self.embedding);
        let n_tokens = self.embedding.shape.get(1).copied().unwrap_or(1);
        let row = bytes.len() / n_tokens;
        let mut floats = read_floats(self.embedding.quantisation, &bytes[token as usize * row..][..row]);
        floats.iter_mut().for_each(|float| *float *= self.config.embedding_scale);
        floats
    }

    /// The rotation of one layer.
    pub(super) fn rope(&self, layer: usize) -> &Rope {
        self.local_rope.as_ref().filter(|_| self.config.local(layer).is_some()).unwrap_or(&self.rope)
    }
}

struct Source<'a> {
    file: &'a GgufFile,
}

impl Source<'_> {
    fn expect(&self, name: &str, shape: &[usize]) -> Result<&Tensor, GgufError> {
        let tensor = self.file.tensor(name).ok_or_else(|| GgufError::unfit(format!("no tensor {name}")))?;
        if tensor.shape != shape {
            return Err(GgufError::unfit(format!("{name} is {:?}, expected {shape:?}", tensor.shape)));
        }
        Ok(tensor)
    }

    /// Refuses weights that are no numbers to calculate with.
    fn sound(&self, name: &str, tensor: &Tensor) -> Result<(), GgufError> {
        match tensor.quantisation.is_sound(self.file.bytes(tensor)) {
            true => Ok(()),
            false => Err(GgufError::NotFinite { tensor: name.to_owned() }),
        }
    }

    fn matrix(&self, name: &str, n_columns: usize, n_rows: usize) -> Result<Matrix, GgufError> {
        let tensor = self.expect(name, &[n_columns, n_rows])?;
        self.sound(name, tensor)?;
        Matrix::pack(tensor.quantisation, n_columns, n_rows, self.file.bytes(tensor))
    }

    fn vector(&self, name: &str, n: usize) -> Result<Vec<f32>, GgufError> {
        let tensor = self.expect(name, &[n])?;
        self.sound(name, tensor)?;
        Ok(read_floats(tensor.quantisation, self.file.bytes(tensor)))
    }

    fn optional(&self, name: &str, n: usize) -> Result<Option<Vec<f32>>, GgufError> {
        self.file.tensor(name).map(|_| self.vector(name, n)).transpose()
    }

    fn layer(&self, n: usize, config: &Config) -> Result<Layer, GgufError> {
        let name = |part: &str| format!("blk.{n}.{part}");
        let matrix = |part: &str, columns, rows| self.matrix(&name(part), columns, rows);
        let (width, inner) = (config.width, config.inner_width);
        let (queries, keys) = (config.query_width(), config.key_width());
        Ok(Layer {
            attention_norm: self.vector(&name("attn_norm.weight"), width)?,
            query: matrix("attn_q.weight", width, queries)?,
            key: matrix("attn_k.weight", width, keys)?,
            value: matrix("attn_v.weight", width, keys)?,
            query_bias: self.optional(&name("attn_q.bias"), queries)?,
            key_bias: self.optional(&name("attn_k.bias"), keys)?,
            value_bias: self.optional(&name("attn_v.bias"), keys)?,
            query_norm: self.optional(&name("attn_q_norm.weight"), config.head_width)?,
            key_norm: self.optional(&name("attn_k_norm.weight"), config.head_width)?,
            attention_output: matrix("attn_output.weight", queries, width)?,
            attention_end_norm: self.optional(&name("post_attention_norm.weight"), width)?,
            inner_norm: self.vector(&name("ffn_norm.weight"), width)?,
            gate: matrix("ffn_gate.weight", width, inner)?,
            up: matrix("ffn_up.weight", width, inner)?,
            down: matrix("ffn_down.weight", inner, width)?,
            inner_end_norm: self.optional(&name("post_ffw_norm.weight"), width)?,
        })
    }
}
