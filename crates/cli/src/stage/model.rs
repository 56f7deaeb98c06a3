//! Opening language models: by address, recorded, within a budget.

use crate::failure::Failure;
use ::agents::{Models, Terms};
use llm::{
    Budget, Budgeted, Cassette, Endpoint, Http, HttpSettings, LanguageModel, Ledger, LlmError, LlmUri,
    Prices, Recorded, Replay,
};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The cassette in a run's directory.
const CASSETTE: &str = "calls.sqlite";

/// How to treat servers and what they cost: the file behind `--llm-config`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ModelConfig {
    /// Limits, patience and what the server offers.
    http: HttpSettings,
    /// Money per million tokens, by model.
    prices: Prices,
}

/// The option that names the file.
#[derive(clap::Args, Debug)]
pub(crate) struct ModelArgs {
    /// A TOML file with the tables `http` (limits, timeouts, what the server offers) and `prices."MODEL"` (in, out)
    #[arg(long, value_name = "FILE")]
    llm_config: Option<PathBuf>,
}

impl ModelArgs {
    /// The file's settings, or the defaults.
    pub(crate) fn read(&self) -> Result<ModelConfig, Failure> {
        let Some(path) = &self.llm_config else { return Ok(ModelConfig::default()) };
        let text = std::fs::read_to_string(path).map_err(|e| Failure::reading(path, &e))?;
        toml::from_str(&text).map_err(|e| crate::settings::not_toml(&path.display().to_string(), &text, &e))
    }
}

/// Opens models for a run.
pub(crate) struct Opener(pub ModelConfig);

impl Models for Opener {
    fn open(&self, address: &str, terms: &Terms) -> Result<Box<dyn LanguageModel>, LlmError> {
        let Opener(config) = self;
        let model = match backend(address, config)? {
            Backend::Recorded(replay) => return Ok(Box::new(replay)),
            Backend::Asked(model) => model,
        };
        recorded(model, terms, config)
    }
}

/// The model with its calls recorded in the run's directory and within the budget; what an earlier, stopped run paid
/// counts. What the cassette answers costs nothing, so the budget stands inside of it.
fn recorded<M: LanguageModel + 'static>(
    model: M,
    terms: &Terms,
    config: &ModelConfig,
) -> Result<Box<dyn LanguageModel>, LlmError> {
    let cassette = Cassette::open(&place_of_cassette(&terms.run)?)?;
    let ledger = Arc::new(Ledger::from_counts(cassette.paid(&config.prices)?));
    let price = config.prices.of(&model.capabilities().model);
    let money = terms.budget_money.map(llm::Money::try_from).transpose();
    let money = money.map_err(|why: String| LlmError::Unavailable {
        reason: format!("a budget of money cannot be understood: {why}"),
        hint: "give --budget-money as a number above zero".to_owned(),
    })?;
    let budget = Budget { tokens: terms.budget_tokens, money };
    let within = Budgeted::new(model, budget, price, ledger)?;
    Ok(Box::new(Recorded::new(within, Arc::new(cassette))?))
}

impl Opener {
    /// The model itself, neither recorded nor limited: for estimates, which ask it nothing.
    pub(crate) fn unrecorded(&self, address: &str) -> Result<Box<dyn LanguageModel>, LlmError> {
        Ok(match backend(address, &self.0)? {
            Backend::Recorded(replay) => Box::new(replay),
            Backend::Asked(model) => model,
        })
    }
}

enum Backend {
    Recorded(Replay),
    Asked(Box<dyn LanguageModel>),
}

fn backend(address: &str, config: &ModelConfig) -> Result<Backend, LlmError> {
    let uri: LlmUri = address.parse().map_err(|error: llm::UriError| LlmError::Unavailable {
        reason: error.to_string(),
        hint: error.hint,
    })?;
    Ok(match uri {
        LlmUri::OpenAi { model } => {
            let endpoint = Endpoint::from_environment()?;
            Backend::Asked(Box::new(Http::new(endpoint, &model, config.http.clone(), 0)))
        }
        LlmUri::Gguf { path } => {
            let options =
                llm_gguf::Options { n_threads: rayon::current_num_threads(), ..llm_gguf::Options::default() };
            Backend::Asked(Box::new(llm_gguf::open(&path, &options).map_err(LlmError::from)?))
        }
        LlmUri::Replay { cassette, model } => Backend::Recorded(Replay::open(&cassette, model.as_deref())?),
        LlmUri::Expert { .. } => {
            return Err(LlmError::Unavailable {
                reason: format!("the rule-based stand-in is no language model: {address}"),
                hint: "use `kind = \"builtin\"` in a run's file, `--llm builtin:expert` without --agent"
                    .to_owned(),
            });
        }
    })
}

fn place_of_cassette(run: &Path) -> Result<PathBuf, LlmError> {
    std::fs::create_dir_all(run).map_err(|error| LlmError::Unavailable {
        reason: format!("cannot make the run's directory: {error}: {}", run.display()),
        hint: "check the path of --out and its permissions".to_owned(),
    })?;
    Ok(run.join(CASSETTE))
}

#[cfg(test)]
mod tests;
