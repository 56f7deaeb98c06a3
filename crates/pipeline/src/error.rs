//! What can stop a run.

use std::path::PathBuf;

/// A run that cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A file that cannot be read.
    #[error("cannot read: {source}: {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A directory or file that cannot be written.
    #[error("cannot write: {source}: {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A configuration that is not one.
    #[error("{source}: {}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// A setting that cannot work.
    #[error("{setting}: {why}")]
    Setting {
        /// Its key.
        setting: &'static str,
        /// Why it is refused.
        why: String,
    },
    /// A checkpoint that belongs to another run.
    #[error("the checkpoint was made with other inputs, settings or seed: {}", path.display())]
    OtherCheckpoint {
        /// Its directory.
        path: PathBuf,
    },
    /// A checkpoint that cannot be read.
    #[error("damaged checkpoint ({what}): {}", path.display())]
    DamagedCheckpoint {
        /// What does not fit.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// A policy of another catalogue.
    #[error("the policy was made with another catalogue: {}", path.display())]
    OtherCatalogue {
        /// Its directory.
        path: PathBuf,
    },
    /// A part of the chain refused.
    #[error(transparent)]
    Artefact(#[from] artefact::ArtefactError),
    /// The log.
    #[error(transparent)]
    Data(#[from] data::DataError),
    /// The worlds.
    #[error(transparent)]
    World(#[from] world_model::WorldError),
    /// The domain, its environments, or the evaluation.
    #[error(transparent)]
    Experiment(#[from] experiment::ExperimentError),
    /// The demonstrations.
    #[error(transparent)]
    Demonstrations(#[from] demonstrations::DemonstrationError),
    /// The agents of a language model.
    #[error(transparent)]
    Agents(#[from] agents::AgentError),
    /// A collection that stopped before it was complete; what was finished is kept.
    #[error("the demonstrations are not complete: {0}")]
    Stopped(String),
    /// The learner.
    #[error(transparent)]
    Training(#[from] learning::LearningError),
    /// The evaluation.
    #[error(transparent)]
    Evaluation(#[from] evaluation::EvaluationError),
}

impl PipelineError {
    /// What to do about it, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Some("check the path; those in a run's file are relative to the file".into())
            }
            Self::Data(error) => Some(error.hint().into()),
            Self::Agents(error) => error.hint(),
            Self::Stopped(_) => Some("run it again, with a larger budget where that was the reason".into()),
            Self::OtherCheckpoint { .. } | Self::DamagedCheckpoint { .. } => {
                Some("run again without --resume, or remove the directory, to start over".into())
            }
            Self::Config { .. } => Some("`ilrec run --print-config` prints a whole file to start from".into()),
            Self::OtherCatalogue { .. } => Some("give the dataset it was trained on".into()),
            Self::Training(learning::LearningError::NoDemonstrations { .. }) => Some(
                "demonstrations count only for training users: check that their user ids are those of the log"
                    .into(),
            ),
            _ => None,
        }
    }
}
