//! The matrices of the network, from `model.safetensors`.

use safetensors::{Dtype, SafeTensors};

use crate::MiniLmError;
use crate::config::Config;

/// An affine map.
#[derive(Debug)]
pub(crate) struct Linear {
    /// `[out, in]`
    pub(crate) weight: Vec<f32>,
    /// `[out]`
    pub(crate) bias: Vec<f32>,
}

/// Scale and shift of a layer norm, `[width]` each.
#[derive(Debug)]
pub(crate) struct Norm {
    pub(crate) scale: Vec<f32>,
    pub(crate) shift: Vec<f32>,
}

/// One layer of the encoder.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) query: Linear,
    pub(crate) key: Linear,
    pub(crate) value: Linear,
    pub(crate) attended: Linear,
    pub(crate) attended_norm: Norm,
    pub(crate) widen: Linear,
    pub(crate) narrow: Linear,
    pub(crate) output_norm: Norm,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Weights {
    /// `[tokens, width]`
    pub(crate) tokens: Vec<f32>,
    /// `[positions, width]`
    pub(crate) positions: Vec<f32>,
    /// `[types, width]`; only the first is used: a text is never a pair.
    pub(crate) types: Vec<f32>,
    pub(crate) norm: Norm,
    pub(crate) layers: Vec<Layer>,
}

impl Weights {
    /// Takes every matrix that the shape asks for; others in the file are ignored.
    pub(crate) fn read(file: &SafeTensors<'_>, config: &Config) -> Result<Self, MiniLmError> {
        let Config { width, inner_width, .. } = *config;
        let embeddings =
            |name: &str, n| tensor(file, &format!("embeddings.{name}_embeddings.weight"), &[n, width]);
        let layer = |at: usize| {
            let linear =
                |name: &str, out, inner| linear(file, &format!("encoder.layer.{at}.{name}"), out, inner);
            let norm = |name: &str| norm(file, &format!("encoder.layer.{at}.{name}"), width);
            Ok(Layer {
                query: linear("attention.self.query", width, width)?,
                key: linear("attention.self.key", width, width)?,
                value: linear("attention.self.value", width, width)?,
                attended: linear("attention.output.dense", width, width)?,
                attended_norm: norm("attention.output.LayerNorm")?,
                widen: linear("intermediate.dense", inner_width, width)?,
                narrow: linear("output.dense", width, inner_width)?,
                output_norm: norm("output.LayerNorm")?,
            })
        };
        Ok(Self {
            tokens: embeddings("word", config.n_tokens)?,
            positions: embeddings("position", config.n_positions)?,
            types: embeddings("token_type", config.n_types)?,
            norm: norm(file, "embeddings.LayerNorm", width)?,
            layers: (0..config.n_layers).map(layer).collect::<Result<_, MiniLmError>>()?,
        })
    }
}

fn linear(file: &SafeTensors<'_>, name: &str, out: usize, inner: usize) -> Result<Linear, MiniLmError> {
    let weight = tensor(file, &format!("{name}.weight"), &[out, inner])?;
    Ok(Linear { weight, bias: tensor(file, &format!("{name}.bias"), &[out])? })
}

fn norm(file: &SafeTensors<'_>, name: &str, width: usize) -> Result<Norm, MiniLmError> {
    let scale = tensor(file, &format!("{name}.weight"), &[width])?;
    Ok(Norm { scale, shift: tensor(file, &format!("{name}.bias"), &[width])? })
}

fn tensor(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, MiniLmError> {
    let found = file.tensor(name).map_err(|_| MiniLmError::unfit(format!("no matrix {name}")))?;
    if found.shape() != shape || found.dtype() != Dtype::F32 {
        let (kind, is) = (found.dtype(), found.shape());
        return Err(MiniLmError::unfit(format!("{name} is {kind:?} {is:?}, expected F32 {shape:?}")));
    }
    let (numbers, _) = found.data().as_chunks::<4>();
    Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}
