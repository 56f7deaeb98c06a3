//! Vectors without a model.

use catalogue::{Catalogue, TextVectors};

use crate::{Capabilities, Completion, Generate, LanguageModel, LlmError};

/// Turns texts into vectors by their character n-grams, weighted by how rare they are in a catalogue's titles:
/// [`catalogue::TextVectors`] as a model that does nothing else. Needs no weights, no network and no money, and is
/// good at spelling, not at meaning. A text without a letter has the vector of zeros.
#[derive(Clone, Debug)]
pub struct BuiltinEmbedder {
    vectors: TextVectors,
    capabilities: Capabilities,
}

impl BuiltinEmbedder {
    /// Learns the rarities of a catalogue; `width` is the length of a vector, a few hundred.
    pub fn new(catalogue: &Catalogue, width: usize) -> Self {
        let capabilities = Capabilities {
            model: format!("builtin:ngrams?width={width}&catalogue={}", catalogue.hash()),
            context: None,
            generates: false,
            scores: false,
            embeds: true,
            obeys_schema: false,
            obeys_choices: false,
            batch: 1024,
        };
        Self { vectors: TextVectors::embed(catalogue, width), capabilities }
    }

    /// The vectors of the catalogue's own titles.
    pub fn catalogue_vectors(&self) -> &TextVectors {
        &self.vectors
    }
}

impl LanguageModel for BuiltinEmbedder {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        requests.iter().map(|_| Err(self.cannot("write text"))).collect()
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        Ok(texts.iter().map(|text| self.vectors.embed_text(text)).collect())
    }
}
