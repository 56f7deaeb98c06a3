//! Opening language models: by address, recorded, within a budget.

use crate::failure::Failure;
use ::agents::{Models, Terms};
use llm::{
    Budget, Budgeted, Cassette, Endpoint, Http, HttpSettings, LanguageModel, Ledger, LlmError, LlmUri, Money,
    Prices, Recorded, Replay, RunLock,
};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The cassettes in a run's directory: the language model's calls, and the embedder's.
const CALLS: &str = "calls.sqlite";
const VECTORS: &str = "vectors.sqlite";

/// How to treat servers and what they cost: the file behind `--llm-config`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ModelConfig {
    /// Limits, patience and what the server offers.
    http: HttpSettings,
    /// Money per million tokens, by model.
    prices: Prices,
}

/// What stands in such a file.
const EXAMPLE: &str = "it has the tables `[http]`, with keys such as request_timeout_ms = 60000, and \
                       `[prices.\"MODEL\"]` with in = 0.15 and out = 0.6, money per million tokens";

/// What is said about models besides their names.
#[derive(clap::Args, Debug)]
pub(crate) struct ModelArgs {
    /// A TOML file with the tables `http` (limits, timeouts, what the server takes) and `prices."MODEL"` (in, out);
    /// docs/llm-config.md has every key and its default
    #[arg(long, value_name = "FILE")]
    llm_config: Option<PathBuf>,
}

impl ModelArgs {
    /// The file's settings, or the defaults.
    pub(crate) fn read(&self) -> Result<ModelConfig, Failure> {
        let Some(path) = &self.llm_config else { return Ok(ModelConfig::default()) };
        let text = std::fs::read_to_string(path).map_err(|e| Failure::reading(path, &e))?;
        toml::from_str(&text)
            .map_err(|e| crate::settings::not_toml(&path.display().to_string(), &text, &e, EXAMPLE))
    }
}

/// Opens models for a run.
pub(crate) struct Opener {
    config: ModelConfig,
    /// What each run's models have paid together, by its directory.
    ledgers: Mutex<HashMap<PathBuf, Arc<Ledger>>>,
    /// Each run's lock, held by its models.
    locks: Mutex<HashMap<PathBuf, Weak<RunLock>>>,
}

impl Models for Opener {
    fn open(&self, address: &str, terms: &Terms) -> Result<Box<dyn LanguageModel>, LlmError> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner).remove(&terms.run);
        match self.backend(address, terms.needs_scores)? {
            Backend::Recorded(replay) => Ok(Box::new(replay)),
            Backend::Asked(model) | Backend::Free(model) => self.recorded(model, terms, CALLS),
        }
    }

    fn open_embedder(&self, address: &str, terms: &Terms) -> Result<Box<dyn LanguageModel>, LlmError> {
        match self.backend(address, false)? {
            Backend::Recorded(replay) => Ok(Box::new(replay)),
            Backend::Asked(model) => self.recorded(model, terms, VECTORS),
            Backend::Free(model) => {
                let cassette = Cassette::open(&place_of_cassette(&terms.run, VECTORS)?)?;
                Ok(Box::new(Recorded::new(model, Arc::new(cassette))?))
            }
        }
    }
}

impl Opener {
    pub(crate) fn new(config: ModelConfig) -> Self {
        Self { config, ledgers: Mutex::default(), locks: Mutex::default() }
    }

    /// The model itself, neither recorded nor limited: for estimates, which ask it nothing.
    pub(crate) fn unrecorded(
        &self,
        address: &str,
        needs_scores: bool,
    ) -> Result<Box<dyn LanguageModel>, LlmError> {
        Ok(match self.backend(address, needs_scores)? {
            Backend::Recorded(replay) => Box::new(replay),
            Backend::Asked(model) | Backend::Free(model) => model,
        })
    }

    /// Where a run's models book what they answer.
    pub(crate) fn ledger(&self, run: &Path) -> Arc<Ledger> {
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(ledgers.entry(run.to_owned()).or_default())
    }

    /// The right to pay for a run, which its models share.
    fn lock(&self, run: &Path) -> Result<Arc<RunLock>, LlmError> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = locks.get(run).and_then(Weak::upgrade) {
            return Ok(held);
        }
        let taken = Arc::new(RunLock::take(run)?);
        locks.insert(run.to_owned(), Arc::downgrade(&taken));
        Ok(taken)
    }

    /// The model with its calls recorded in the run's directory and within the budget, which the models of a run share;
    /// what an earlier, stopped run paid counts. What the cassette answers costs nothing, so the budget stands inside
    /// of it.
    fn recorded<M: LanguageModel + 'static>(
        &self,
        model: M,
        terms: &Terms,
        file: &str,
    ) -> Result<Box<dyn LanguageModel>, LlmError> {
        let prices = &self.config.prices;
        let path = place_of_cassette(&terms.run, file)?;
        let lock = self.lock(&terms.run)?;
        let cassette = Arc::new(Cassette::open(&path)?);
        let ledger = self.ledger(&terms.run);
        ledger.take_over(&cassette.paid(prices)?);
        let price = prices.of(&model.capabilities().model);
        let money = terms.budget_money.map(Money::try_from).transpose();
        let money = money.map_err(|why: String| LlmError::Unavailable {
            reason: format!("a budget of money cannot be understood: {why}"),
            hint: "give --budget-money as a number above zero".to_owned(),
        })?;
        let budget = Budget { tokens: terms.budget_tokens, money };
        let within = Budgeted::new(model, budget, price, ledger)?.lasting(Arc::clone(&cassette), lock);
        Ok(Box::new(Recorded::new(within, cassette)?))
    }

    fn backend(&self, address: &str, needs_scores: bool) -> Result<Backend, LlmError> {
        let uri: LlmUri = address.parse().map_err(|error: llm::UriError| LlmError::Unavailable {
            reason: error.to_string(),
            hint: error.hint,
        })?;
        Ok(match uri {
            LlmUri::OpenAi { model } => {
                let mut model = Http::new(Endpoint::from_environment()?, &model, self.config.http.clone(), 0);
                if needs_scores {
                    model.find_out_scoring()?;
                }
                Backend::Asked(Box::new(model))
            }
            LlmUri::Gguf { path } => {
                let n_threads = rayon::current_num_threads();
                let options = llm_gguf::Options { n_threads, ..llm_gguf::Options::default() };
                Backend::Asked(Box::new(llm_gguf::open(&path, &options).map_err(LlmError::from)?))
            }
            LlmUri::MiniLm { folder } => {
                Backend::Free(Box::new(llm_minilm::open(&folder).map_err(LlmError::from)?))
            }
            LlmUri::Replay { cassette, model } => {
                Backend::Recorded(Replay::open(&cassette, model.as_deref())?)
            }
            LlmUri::Expert { .. } => {
                return Err(LlmError::Unavailable {
                    reason: format!("the rule-based stand-in is no language model: {address}"),
                    hint: "use `kind = \"builtin\"` in a run's file, `--llm builtin:expert` without --agent"
                        .to_owned(),
                });
            }
        })
    }
}

enum Backend {
    Recorded(Replay),
    Asked(Box<dyn LanguageModel>),
    /// Costs nothing, whoever counts.
    Free(Box<dyn LanguageModel>),
}

fn place_of_cassette(run: &Path, file: &str) -> Result<PathBuf, LlmError> {
    std::fs::create_dir_all(run).map_err(|error| LlmError::Unavailable {
        reason: format!("cannot make the run's directory: {error}: {}", run.display()),
        hint: "check the path of --out and its permissions".to_owned(),
    })?;
    Ok(run.join(file))
}

#[cfg(test)]
mod tests;
