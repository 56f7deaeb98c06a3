//! What is remembered between sessions: lessons, what went well and badly in a state, what a state was worth.

mod table;

pub(crate) use table::Table;

#[cfg(test)]
mod tests;

use crate::settings::MemoryEmbedding;
use catalogue::TextVectors;
use llm::{LanguageModel, LlmError};
use mdp::ItemIdx;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something a session leaves to remember, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Memo {
    /// A lesson, found by the history of the user it was drawn from.
    Lesson {
        /// The situation.
        key: String,
        /// What was learned.
        text: String,
    },
    /// How a step turned out.
    Mark {
        /// The state before it.
        key: String,
        /// What was shown.
        item: ItemIdx,
        /// Whether its advantage was at least 0.
        went_well: bool,
    },
    /// What a state turned out to be worth.
    Worth {
        /// The state.
        key: String,
        /// `r + discount * V(s')`.
        value: f32,
    },
}

/// All memories. They change between batches only.
#[derive(Debug, Default)]
pub(crate) struct Memories {
    pub(crate) lessons: Table<String>,
    pub(crate) marks: Table<BTreeMap<ItemIdx, bool>>,
    pub(crate) worths: Table<f32>,
}

/// Turns situations into vectors.
#[derive(Clone, Copy)]
pub(crate) enum Embedder<'a> {
    /// Character n-grams.
    Builtin(&'a TextVectors),
    /// A model.
    Model(&'a dyn LanguageModel),
}

impl<'a> Embedder<'a> {
    /// As the settings say.
    pub(crate) fn of(
        embedding: MemoryEmbedding,
        vectors: &'a TextVectors,
        model: &'a dyn LanguageModel,
        embedder: Option<&'a dyn LanguageModel>,
    ) -> Self {
        match (embedding, embedder) {
            (MemoryEmbedding::Auto, Some(embedder)) => Self::Model(embedder),
            (MemoryEmbedding::Auto, None) | (MemoryEmbedding::Builtin, _) => Self::Builtin(vectors),
            (MemoryEmbedding::Model, _) => Self::Model(model),
        }
    }

    /// One vector per text.
    pub(crate) fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        match self {
            _ if texts.is_empty() => Ok(Vec::new()),
            Self::Builtin(vectors) => Ok(texts.iter().map(|text| vectors.embed_text(text)).collect()),
            Self::Model(model) => {
                let vectors = model.embed(texts)?;
                let width = vectors.first().map_or(0, Vec::len);
                if vectors.len() != texts.len() || vectors.iter().any(|v| v.len() != width) {
                    let reason = "the model gave vectors of another number or width".to_owned();
                    return Err(LlmError::Failed { reason });
                }
                Ok(vectors)
            }
        }
    }
}

impl Memories {
    /// Takes in what a batch of sessions left.
    pub(crate) fn absorb(&mut self, memos: &[Memo], embedder: Embedder<'_>) -> Result<(), LlmError> {
        let keys: Vec<String> = memos.iter().map(|memo| memo.key().to_owned()).collect();
        let vectors = embedder.embed(&keys)?;
        for (memo, vector) in memos.iter().zip(vectors) {
            match memo {
                Memo::Lesson { text, .. } => self.lessons.push(&vector, text.clone()),
                Memo::Mark { key, item, went_well } => {
                    self.marks.entry(key, &vector).insert(*item, *went_well);
                }
                Memo::Worth { key, value } => *self.worths.entry(key, &vector) = *value,
            }
        }
        Ok(())
    }
}

impl Memo {
    fn key(&self) -> &str {
        match self {
            Self::Lesson { key, .. } | Self::Mark { key, .. } | Self::Worth { key, .. } => key,
        }
    }
}
