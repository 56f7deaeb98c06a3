//! The model as the rest of the program sees it.

use std::path::Path;

use llm::{Capabilities, Completion, Embedded, Generate, LanguageModel, LlmError, Usage};
use rayon::prelude::*;
use safetensors::SafeTensors;
use serde::de::DeserializeOwned;

use crate::MiniLmError;
use crate::config::Config;
use crate::network::Network;
use crate::tokenizer::Tokenizer;
use crate::weights::Weights;

/// Word pieces of a text that are read; the rest is cut off, as the model's authors do.
const LONGEST: usize = 256;
/// Texts whose rows are multiplied together.
const TOGETHER: usize = 16;
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 30;

/// An embedding model in memory.
#[derive(Debug)]
pub struct MiniLm {
    network: Network,
    tokenizer: Tokenizer,
    capabilities: Capabilities,
}

/// Opens a model's folder.
///
/// # Errors
/// If a file is missing, is something else, or belongs to another kind of model; [`MiniLmError::hint`] says what to do.
pub fn open(folder: &Path) -> Result<MiniLm, MiniLmError> {
    let (config, _): (Config, _) = json(&folder.join("config.json"))?;
    config.check()?;
    let (file, tokens) = json(&folder.join("tokenizer.json"))?;
    let tokenizer = Tokenizer::new(file, config.n_tokens)?;
    let path = folder.join("model.safetensors");
    let bytes = read(&path)?;
    let foreign =
        |error: safetensors::SafeTensorError| MiniLmError::Foreign { what: error.to_string(), path };
    let weights = Weights::read(&SafeTensors::deserialize(&bytes).map_err(foreign)?, &config)?;
    let fingerprint = blake3::Hasher::new().update(&tokens).update(&bytes).finalize().to_hex();
    let capabilities = Capabilities {
        model: format!("minilm:{}x{}@{}", config.width, config.n_layers, &fingerprint[..16]),
        context: Some(LONGEST.min(config.n_positions)),
        generates: false,
        scores: false,
        embeds: true,
        obeys_schema: false,
        obeys_choices: false,
        batch: TOGETHER * rayon::current_num_threads(),
    };
    Ok(MiniLm { network: Network { config, weights }, tokenizer, capabilities })
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<(T, Vec<u8>), MiniLmError> {
    let bytes = read(path)?;
    let foreign =
        |error: serde_json::Error| MiniLmError::Foreign { what: error.to_string(), path: path.to_owned() };
    Ok((serde_json::from_slice(&bytes).map_err(foreign)?, bytes))
}

fn read(path: &Path) -> Result<Vec<u8>, MiniLmError> {
    let failed = |source| MiniLmError::Read { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_BYTES {
        return Err(failed(std::io::Error::other(format!("larger than {MAX_BYTES} bytes"))));
    }
    std::fs::read(path).map_err(failed)
}

impl MiniLm {
    /// The tokens of a text, start and end included.
    pub(crate) fn tokens(&self, text: &str) -> Vec<u32> {
        self.tokenizer.encode(text, LONGEST.min(self.network.config.n_positions))
    }
}

impl LanguageModel for MiniLm {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        requests.iter().map(|_| Err(self.cannot("write text"))).collect()
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        self.embed_counted(texts).map(|embedded| embedded.vectors)
    }

    fn embed_counted(&self, texts: &[String]) -> Result<Embedded, LlmError> {
        let start = std::time::Instant::now();
        let tokens: Vec<Vec<u32>> = texts.par_iter().map(|text| self.tokens(text)).collect();
        let means = tokens.par_chunks(TOGETHER).flat_map_iter(|texts| self.network.means(texts));
        let vectors: Option<Vec<Vec<f32>>> = means.map(unit).collect();
        let reason = || LlmError::Failed { reason: "the model gave a vector without a direction".to_owned() };
        let tokens_in = tokens.iter().map(|text| text.len() as u64).sum();
        let usage = Usage { tokens_in, seconds: start.elapsed().as_secs_f64(), ..Usage::default() };
        Ok(Embedded { vectors: vectors.ok_or_else(reason)?, usage })
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.tokens(text).len()
    }
}

fn unit(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = kernels::dot(&vector, &vector).sqrt();
    vector.iter_mut().for_each(|x| *x /= length);
    vector.iter().all(|x| x.is_finite()).then_some(vector)
}
