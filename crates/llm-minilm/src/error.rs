//! What can be wrong with a model's folder.

use std::path::PathBuf;

/// Why a folder cannot be used as a model.
#[derive(Debug, thiserror::Error)]
pub enum MiniLmError {
    /// A file is not there or cannot be read.
    #[error("cannot read the embedding model: {source}: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what its name says.
    #[error("not a file of an embedding model: {what}: {}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What its reader said.
        what: String,
    },
    /// The files do not fit each other, or are of another kind of model.
    #[error("not supported as an embedding model: {what}")]
    Unfit {
        /// What is missing or different.
        what: String,
    },
}

impl MiniLmError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Read { .. } => {
                "give a folder with config.json, tokenizer.json and model.safetensors, as sentence-transformers publish"
            }
            Self::Foreign { .. } => "download the file again; a page of HTML here is a failed download",
            Self::Unfit { .. } => {
                "use all-MiniLM-L6-v2 or another BERT encoder with a WordPiece tokenizer in f32"
            }
        }
    }

    pub(crate) fn unfit(what: impl Into<String>) -> Self {
        Self::Unfit { what: what.into() }
    }
}

impl From<MiniLmError> for llm::LlmError {
    fn from(error: MiniLmError) -> Self {
        Self::Unavailable { reason: error.to_string(), hint: error.hint().to_owned() }
    }
}
