//! Naming a model: `--llm URI`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Which model is meant.
#[derive(Clone, Debug, PartialEq)]
pub enum LlmUri {
    /// `openai:MODEL`: behind the server that `OPENAI_BASE_URL` names.
    OpenAi {
        /// The server's name for it.
        model: String,
    },
    /// `gguf:PATH`: weights in a file, run in this process.
    Gguf {
        /// The file.
        path: PathBuf,
    },
    /// `minilm:FOLDER`: sentence vectors from weights in a folder, in this process.
    MiniLm {
        /// The folder.
        folder: PathBuf,
    },
    /// `builtin:expert[?quality=Q]`: the rule-based stand-in, which is no language model.
    Expert {
        /// How often it does what it thinks best, in [0, 1].
        quality: f64,
    },
    /// `replay:CASSETTE[?model=NAME]`: recorded answers.
    Replay {
        /// The cassette.
        cassette: PathBuf,
        /// Which of the models in it; needed if there are several.
        model: Option<String>,
    },
}

impl LlmUri {
    /// The same model, its path taken from `base` unless it is absolute.
    #[must_use]
    pub fn relative_to(self, base: &Path) -> Self {
        match self {
            Self::Gguf { path } => Self::Gguf { path: base.join(path) },
            Self::MiniLm { folder } => Self::MiniLm { folder: base.join(folder) },
            Self::Replay { cassette, model } => Self::Replay { cassette: base.join(cassette), model },
            other @ (Self::OpenAi { .. } | Self::Expert { .. }) => other,
        }
    }
}

/// Why a text names no model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {uri}")]
pub struct UriError {
    /// What is wrong.
    pub reason: String,
    /// What the user can write instead.
    pub hint: String,
    /// What was written.
    pub uri: String,
}

const FORMS: &str =
    "write openai:MODEL, gguf:PATH, builtin:expert or replay:CASSETTE; for vectors also minilm:FOLDER";

impl FromStr for LlmUri {
    type Err = UriError;

    fn from_str(uri: &str) -> Result<Self, UriError> {
        let wrong = |reason: &str, hint: &str| UriError {
            reason: reason.to_owned(),
            hint: hint.to_owned(),
            uri: uri.to_owned(),
        };
        let (kind, rest) = uri.split_once(':').ok_or_else(|| match uri.ends_with(".gguf") {
            true => wrong("no kind of model before the path", &format!("write gguf:{uri}")),
            false => wrong("no kind of model before a colon", FORMS),
        })?;
        if rest.is_empty() {
            return Err(wrong(&format!("nothing after {kind}:"), FORMS));
        }
        match kind {
            "openai" => Ok(Self::OpenAi { model: rest.to_owned() }),
            "gguf" => Ok(Self::Gguf { path: rest.into() }),
            "minilm" => Ok(Self::MiniLm { folder: rest.into() }),
            "replay" => Ok(replay(rest)),
            "builtin" => {
                let quality = quality_of(rest).map_err(|(reason, hint)| wrong(&reason, hint))?;
                Ok(Self::Expert { quality })
            }
            "http" | "https" => Err(wrong(
                "an address is not the name of a model",
                "set OPENAI_BASE_URL to the address and write openai:MODEL",
            )),
            _ => Err(wrong("an unknown kind of model", FORMS)),
        }
    }
}

/// A path may hold a question mark itself; only the last one that is followed by `model=` counts.
fn replay(rest: &str) -> LlmUri {
    match rest.rsplit_once("?model=") {
        Some((cassette, model)) if !cassette.is_empty() && !model.is_empty() => {
            LlmUri::Replay { cassette: cassette.into(), model: Some(model.to_owned()) }
        }
        _ => LlmUri::Replay { cassette: rest.into(), model: None },
    }
}

fn quality_of(rest: &str) -> Result<f64, (String, &'static str)> {
    let (name, query) = rest.split_once('?').map_or((rest, None), |(name, query)| (name, Some(query)));
    if name != "expert" {
        return Err((
            format!("no builtin is called {name}"),
            "write builtin:expert or builtin:expert?quality=0.8",
        ));
    }
    let Some(query) = query else { return Ok(1.0) };
    let hint = "write builtin:expert?quality=Q with Q from 0 to 1";
    let (key, value) = query.split_once('=').unwrap_or((query, ""));
    if key != "quality" {
        return Err((format!("builtin:expert has no setting {key}"), hint));
    }
    let quality: Option<f64> = value.parse().ok().filter(|quality| (0.0..=1.0).contains(quality));
    quality.ok_or_else(|| (format!("{value} is not a quality"), hint))
}

impl std::fmt::Display for LlmUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OpenAi { model } => write!(f, "openai:{model}"),
            Self::Gguf { path } => write!(f, "gguf:{}", path.display()),
            Self::MiniLm { folder } => write!(f, "minilm:{}", folder.display()),
            Self::Expert { quality } => write!(f, "builtin:expert?quality={quality}"),
            Self::Replay { cassette, model: None } => write!(f, "replay:{}", cassette.display()),
            Self::Replay { cassette, model: Some(model) } => {
                write!(f, "replay:{}?model={model}", cassette.display())
            }
        }
    }
}
