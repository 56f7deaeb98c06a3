//! What can be wrong with a model file.

use std::path::PathBuf;

/// Why a file cannot be used as a model.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    /// The file cannot be opened or mapped.
    #[error("cannot read the model: {source}: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file does not start as a GGUF file does.
    #[error("not a GGUF file: {found}")]
    Foreign {
        /// What stands there instead.
        found: String,
    },
    /// The file ends before what it announces, or says something impossible.
    #[error("the GGUF file is damaged: {what} (at byte {at})")]
    Damaged {
        /// What is wrong.
        what: String,
        /// Where the reader stood.
        at: usize,
    },
    /// Something that the architecture needs is missing or has the wrong shape.
    #[error("the GGUF file does not fit its architecture: {what}")]
    Unfit {
        /// What is missing or wrong.
        what: String,
    },
    /// Weights that nothing can be calculated with.
    #[error("weights of the GGUF file are not finite, or larger than any: tensor {tensor}")]
    NotFinite {
        /// Where the first of them is.
        tensor: String,
    },
    /// A valid file of a kind that is not supported.
    #[error("not supported: {what}")]
    Unsupported {
        /// The kind.
        what: String,
    },
    /// The threads for the computation cannot be started.
    #[error("cannot start threads: {0}")]
    Threads(String),
}

impl GgufError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Read { .. } => "check the path; a model is one file that ends in .gguf",
            Self::Foreign { .. } => {
                "convert the model to GGUF, or download a .gguf file; a page of HTML here is a failed download"
            }
            Self::Damaged { .. } | Self::NotFinite { .. } => {
                "download the file again and compare its checksum"
            }
            Self::Unfit { .. } => {
                "the file was converted by something unusual; try another conversion of the same model"
            }
            Self::Unsupported { .. } => {
                "use a llama, qwen2, qwen3 or gemma3 model quantised as Q4_K_M, Q8_0 or another of the classic types, or \
                 serve it over HTTP"
            }
            Self::Threads(_) => "ask for fewer threads",
        }
    }

    pub(crate) fn unfit(what: impl Into<String>) -> Self {
        Self::Unfit { what: what.into() }
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

/// The error of a model whose sums are not finite, found at its first use.
pub(crate) fn not_finite(model: &str) -> llm::LlmError {
    llm::LlmError::Unavailable {
        reason: format!("the model gives numbers that are not finite: {model}"),
        hint:
            "its weights are damaged, or it was made for another arithmetic: take another copy or conversion"
                .to_owned(),
    }
}

impl From<GgufError> for llm::LlmError {
    fn from(error: GgufError) -> Self {
        Self::Unavailable { reason: error.to_string(), hint: error.hint().to_owned() }
    }
}
