//! What can stop a collection.

use demonstrations::DemonstrationError;
use llm::LlmError;
use std::path::PathBuf;

/// A collection that cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The model is gone or cannot do what the agents need.
    #[error(transparent)]
    Model(#[from] LlmError),
    /// The train world, grounding or a directory refused.
    #[error(transparent)]
    Demonstrations(#[from] DemonstrationError),
    /// A setting that cannot be used.
    #[error("{setting}: {why}")]
    Setting {
        /// Which one.
        setting: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A prompt template that cannot be used.
    #[error("prompt template {name}: {why}")]
    Template {
        /// The template's name.
        name: String,
        /// What is wrong with it, with the line.
        why: String,
    },
    /// The directory of a run holds another run.
    #[error("another collection was begun in {}", path.display())]
    OtherRun {
        /// The directory.
        path: PathBuf,
    },
    /// A file of a run that cannot be read or written.
    #[error("cannot {action}: {source}: {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl AgentError {
    /// What to do about it, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Model(LlmError::Unavailable { hint, .. }) => Some(hint.clone()),
            Self::Model(LlmError::Budget { .. }) => {
                Some("give a larger budget and run the same command again: nothing is paid twice; or set a smaller `batch`, \
                 so that less has to be finished at once".to_owned())
            }
            Self::OtherRun { .. } => Some(
                "it differs in data, world, model, prompts, settings or seed: remove the directory to start over, \
                 or write elsewhere"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    pub(crate) fn setting(setting: &'static str, why: impl Into<String>) -> Self {
        Self::Setting { setting, why: why.into() }
    }
}

impl From<environment::EnvironmentError> for AgentError {
    fn from(error: environment::EnvironmentError) -> Self {
        Self::Demonstrations(error.into())
    }
}

impl From<artefact::ArtefactError> for AgentError {
    fn from(error: artefact::ArtefactError) -> Self {
        Self::Demonstrations(error.into())
    }
}
