//! How models are opened: by address, on terms.

use llm::{LanguageModel, LlmError};
use std::path::PathBuf;

/// What a person is ready to pay, and where a model's calls are recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// The most tokens, sent and received.
    pub budget_tokens: Option<u64>,
    /// The most money, in the currency of the price table.
    pub budget_money: Option<f64>,
    /// Whether the model will be asked how likely texts are.
    pub needs_scores: bool,
    /// The directory of the run: its cassette and its finished batches.
    pub run: PathBuf,
}

/// Somebody who can open models.
pub trait Models {
    /// Opens the model that an address names.
    ///
    /// # Errors
    /// When the address is not understood or its backend is not there.
    fn open(&self, address: &str, terms: &Terms) -> Result<Box<dyn LanguageModel>, LlmError>;

    /// Opens the model that turns texts into vectors for a run whose language model was opened before.
    ///
    /// # Errors
    /// As [`Models::open`].
    fn open_embedder(&self, address: &str, terms: &Terms) -> Result<Box<dyn LanguageModel>, LlmError>;
}

/// Opens none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoModels;

impl Models for NoModels {
    fn open(&self, address: &str, _: &Terms) -> Result<Box<dyn LanguageModel>, LlmError> {
        let reason = format!("no language model can be asked here: {address}");
        Err(LlmError::Unavailable { reason, hint: "use `ilrec demos collect` or `ilrec run`".to_owned() })
    }

    fn open_embedder(&self, address: &str, terms: &Terms) -> Result<Box<dyn LanguageModel>, LlmError> {
        self.open(address, terms)
    }
}
