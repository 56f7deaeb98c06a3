//! What can stop a collection.

use crate::{Difference, Losses};
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
    #[error("another collection was begun there{}: {}", told(differs), path.display())]
    OtherRun {
        /// The directory.
        path: PathBuf,
        /// What it was begun with and what is asked for now, where the directory says.
        differs: Vec<Difference>,
    },
    /// No call of a role was answered.
    #[error("all {n} calls of the {role} brought nothing: {why}")]
    Mute {
        /// Which role.
        role: &'static str,
        /// How often it was asked.
        n: u64,
        /// What the model or its server said.
        why: String,
        /// What helps, where that is known.
        hint: Option<String>,
    },
    /// The answers of a role end before what was asked for.
    #[error("{} answers of the {role} were cut off at {tokens} tokens before {what} came", share(*n_cut, *n))]
    CutOff {
        /// How many.
        n_cut: u64,
        /// How often it was asked; the others brought nothing either.
        n: u64,
        /// Which role.
        role: &'static str,
        /// The longest answer that was asked for.
        tokens: u32,
        /// The setting that says so.
        setting: &'static str,
        /// What was asked for.
        what: &'static str,
    },
    /// Answers came, but none that could be shown.
    #[error("no answer of the model could be shown: {0}")]
    NothingShown(String),
    /// Fewer than half of the sessions are there.
    #[error("most sessions were lost: {0}")]
    MostLost(Losses),
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
            Self::Model(LlmError::Rejected { hint, .. }) => Some(hint.clone()),
            Self::OtherRun { differs, .. } if differs.is_empty() => Some(
                "it differs in data, world, model, prompts, settings or seed: remove the directory to start over, \
                 or write elsewhere"
                    .to_owned(),
            ),
            Self::OtherRun { .. } => {
                Some("give what it was begun with, remove the directory to start over, or write elsewhere".to_owned())
            }
            Self::Mute { hint: Some(hint), .. } => Some(hint.clone()),
            Self::Mute { role, .. } => Some(format!(
                "what was answered is kept: see to the model, then the same command asks the {role} again; `ilrec \
                 doctor` says whether a server answers"
            )),
            Self::CutOff { setting, tokens, .. } => Some(format!(
                "switch thinking off, or raise {setting}: --set {setting}={}; answers so far are kept",
                tokens.saturating_mul(10).max(400)
            )),
            Self::NothingShown(_) => Some(
                "a model that knows the catalogue, --decode catalogue (a GGUF file in process) or --actor score may do"
                    .to_owned(),
            ),
            Self::MostLost(losses) if losses.goes_on() => Some(
                "what was answered is kept in the run's directory: once the reason is mended, the same command asks for \
                 the rest only"
                    .to_owned(),
            ),
            Self::MostLost(_) => Some(
                "the model named hardly anything that could be shown: --decode catalogue, --actor score, more `attempts` \
                 or another model may do"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    pub(crate) fn setting(setting: &'static str, why: impl Into<String>) -> Self {
        Self::Setting { setting, why: why.into() }
    }
}

/// Differences as a part of a message.
fn told(differs: &[Difference]) -> String {
    let each: Vec<String> = differs.iter().map(ToString::to_string).collect();
    if each.is_empty() { String::new() } else { format!(", with {}", each.join(", ")) }
}

/// How many of how many.
fn share(n: u64, of: u64) -> String {
    if n == of { format!("all {n}") } else { format!("{n} of {of}") }
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
