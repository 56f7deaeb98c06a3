//! `demos collect`: a language model's agents, or somebody who stands in for them, demonstrate.

use super::demos::{Place, store};
use crate::context::Global;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::stage::agents;
use crate::stage::model::{ModelArgs, Opener};
use ::agents::{ActorKind, AgentSettings, Collection, Models as _, Prompts, Terms};
use artefact::{Claim, Kind, Replace};
use demonstrations::CollectOptions;
use experiment::{Domain, RANDOM_FRESH_GENRE, collect_from_expert, expert_without_model, with_nouns};
use llm::{LanguageModel, Ledger, LlmError};
use std::path::PathBuf;
use std::sync::Arc;
use world_model::Side;

/// How these demonstrations are made.
const WAY: &str = "demos collect";

/// The most steps that a session of a language model is given, unless the settings say otherwise.
const HORIZON: usize = 50;

/// Arguments of `demos collect`.
#[derive(clap::Args, Debug)]
pub(crate) struct CollectArgs {
    /// Who demonstrates: openai:MODEL, gguf:PATH, replay:CASSETTE, or builtin:expert[?quality=Q], a rule-based
    /// stand-in
    #[arg(long, value_name = "URI", required_unless_present_any = ["agent", "print_config"])]
    llm: Option<String>,
    /// Who makes the vectors for grounding by embedding and for the agents' memories: minilm:FOLDER, openai:MODEL or
    /// replay:CASSETTE [default: character n-grams]
    #[arg(long, value_name = "URI")]
    embedder: Option<String>,
    /// How many sessions
    #[arg(long, value_name = "N", visible_alias = "sessions")]
    episodes: usize,
    /// Which agent of the model [default: il-rec]; random-fresh-genre is the control without any model
    #[arg(long, value_name = "KIND",
          value_parser = ["act-only", "react", "reflexion", "billp", "il-rec", "random-fresh-genre"])]
    agent: Option<String>,
    /// Whether the actor writes titles or ranks candidates by likelihood [default: free]
    #[arg(long, value_name = "HOW", value_parser = ["free", "score"])]
    actor: Option<String>,
    /// Whether a writing actor is held to titles of the catalogue [default: free]
    #[arg(long, value_name = "HOW", value_parser = ["free", "catalogue"])]
    decode: Option<String>,
    /// The most tokens to pay for; the run stops cleanly before it [default: no limit]
    #[arg(long, value_name = "N")]
    budget_tokens: Option<u64>,
    /// The most money to pay, by the prices in --llm-config; the run stops cleanly before it [default: no limit]
    #[arg(long, value_name = "X")]
    budget_money: Option<f64>,
    /// Say what it would need, and ask the model nothing
    #[arg(long)]
    dry_run: bool,
    /// A folder whose NAME.jinja files replace prompt templates [default: those of docs/prompts.md]
    #[arg(long, value_name = "DIR")]
    prompts: Option<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    place: Place,
}

/// Runs `demos collect`.
pub(crate) fn run(arguments: &CollectArgs, global: &Global) -> Result<(), Failure> {
    if arguments.agent.as_deref() == Some(RANDOM_FRESH_GENRE) {
        if let Some(llm) = &arguments.llm {
            return Err(Failure::input(format!("random-fresh-genre asks no model, got --llm {llm}")));
        }
        arguments.refuse_agent_options("the control random-fresh-genre")?;
        return stand_in(RANDOM_FRESH_GENRE, arguments, global);
    }
    match arguments.llm.as_deref() {
        Some(address) if address.starts_with("builtin:") => {
            if arguments.agent.is_some() {
                return Err(Failure::input("the rule-based stand-in has no agents: leave --agent out"));
            }
            arguments.refuse_agent_options("the rule-based stand-in")?;
            stand_in(address, arguments, global)
        }
        address => with_model(address, arguments, global),
    }
}

impl CollectArgs {
    /// Options of agents are a mistake beside somebody who has none.
    fn refuse_agent_options(&self, who: &str) -> Result<(), Failure> {
        let given = [
            ("--actor", self.actor.is_some()),
            ("--decode", self.decode.is_some()),
            ("--embedder", self.embedder.is_some()),
            ("--budget-tokens", self.budget_tokens.is_some()),
            ("--budget-money", self.budget_money.is_some()),
            ("--dry-run", self.dry_run),
            ("--prompts", self.prompts.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(Failure::input(format!("{who} has no use for {option}"))),
            None => Ok(()),
        }
    }

    fn terms(&self, settings: &AgentSettings) -> Terms {
        Terms {
            needs_scores: settings.actor == ActorKind::Score,
            budget_tokens: self.budget_tokens,
            budget_money: self.budget_money,
            run: agents::run_folder(&self.place.out),
        }
    }
}

fn stand_in(address: &str, arguments: &CollectArgs, global: &Global) -> Result<(), Failure> {
    let place = &arguments.place;
    let rule = place.environment.settings();
    let n_episodes = arguments.episodes;
    let defaults = CollectOptions::new(n_episodes, rule.horizon);
    let layers = place.settings.layers(&defaults)?;
    if place.settings.prints(&layers, global)? {
        return Ok(());
    }
    let options: CollectOptions = layers.resolve()?;
    let expert = expert_without_model(address)?;
    let claim = global.claim(Kind::Demos, &place.out, WAY)?;
    let domain = Domain::open(&place.data, &place.world)?;
    let environment = rule.environment(&domain.world, Side::Train)?;
    let users = &domain.world.split().train;
    let scene = domain.scene(&environment);
    let shown = Progress::new("demos collect");
    let made = collect_from_expert(&scene, users, expert.as_ref(), &options, global.seed())?;
    drop(shown);
    store(&made, (&domain, &claim), (&options, environment.rule()), place, global)
}

fn with_model(address: Option<&str>, arguments: &CollectArgs, global: &Global) -> Result<(), Failure> {
    let Some(settings) = settings(arguments, global)? else { return Ok(()) };
    let address = address.ok_or_else(|| {
        Failure::input("no language model was named").hint("--llm openai:MODEL, gguf:PATH or replay:CASSETTE")
    })?;
    let opener = Opener::new(arguments.model.read()?);
    let terms = arguments.terms(&settings);
    if arguments.dry_run {
        let model = opener.unrecorded(address, terms.needs_scores).map_err(not_opened)?;
        return act((model.as_ref(), None), &settings, arguments, global, Arc::default());
    }
    // Before the model is opened, and asked again once it is known which run this is.
    drop(early_claim(arguments, global)?);
    let model = opener.open(address, &terms).map_err(not_opened)?;
    let embedder = arguments.embedder.as_ref().map(|address| opener.open_embedder(address, &terms));
    let embedder = embedder.transpose().map_err(not_opened)?;
    let models = (model.as_ref(), embedder.as_deref());
    act(models, &settings, arguments, global, opener.ledger(&terms.run))
}

/// A model that is not there is a mistake of the command line.
pub(super) fn not_opened(error: LlmError) -> Failure {
    match error {
        LlmError::Unavailable { reason, hint } => Failure::input(reason).hint(hint),
        other => ::agents::AgentError::from(other).into(),
    }
}

/// The checked settings, or nothing where they were only to be printed. Options win over the file and `--set`.
fn settings(arguments: &CollectArgs, global: &Global) -> Result<Option<AgentSettings>, Failure> {
    let place = &arguments.place;
    let defaults = AgentSettings {
        n_episodes: arguments.episodes,
        horizon: place.environment.horizon().unwrap_or(HORIZON),
        ..AgentSettings::default()
    };
    let mut layers = place.settings.layers(&defaults)?;
    let options = [("agent", &arguments.agent), ("actor", &arguments.actor), ("decode", &arguments.decode)];
    for (key, value) in options {
        if let Some(value) = value {
            layers.set(&format!("{key}=\"{value}\""))?;
        }
    }
    if place.settings.prints(&layers, global)? {
        return Ok(None);
    }
    let settings: AgentSettings = layers.resolve()?;
    settings.check()?;
    Ok(Some(settings))
}

/// The right to write the demonstrations. What the same run had collected when it was stopped may be replaced.
fn early_claim(arguments: &CollectArgs, global: &Global) -> Result<Claim, Failure> {
    let replace = if global.force { Replace::Anything } else { Replace::OwnWay };
    Ok(Claim::on(&arguments.place.out, Kind::Demos, WAY, replace)?)
}

/// Everything behind an opened model: estimate, or collect, store and describe.
fn act(
    (model, embedder): (&dyn LanguageModel, Option<&dyn LanguageModel>),
    settings: &AgentSettings,
    arguments: &CollectArgs,
    global: &Global,
    ledger: Arc<Ledger>,
) -> Result<(), Failure> {
    let place = &arguments.place;
    let prompts = match &arguments.prompts {
        Some(folder) => Prompts::read(folder)?,
        None => Prompts::builtin()?,
    };
    let domain = Domain::open(&place.data, &place.world)?;
    let settings = &with_nouns(settings, &domain.dataset);
    let environment = place.environment.settings().environment(&domain.world, Side::Train)?;
    let scene = domain.scene(&environment);
    let users = &domain.world.split().train;
    let collection = Collection {
        scene: &scene,
        users,
        model,
        embedder,
        prompts: &prompts,
        settings,
        seed: global.seed(),
    };
    let run = agents::run_folder(&place.out);
    if arguments.dry_run {
        let estimate = agents::estimate(&domain, &collection, &run)?;
        return global.format().emit(&estimate, &estimate.to_string());
    }
    let claim = early_claim(arguments, global)?;
    if !global.force && !agents::is_begun(&run) {
        claim.may(Replace::Cheap)?;
    }
    let made = agents::collect(&domain, &collection, &run, ledger)?;
    if made.losses.goes_on() {
        made.losses.check()?;
    }
    store(&made.demos, (&domain, &claim), (settings, environment.rule()), place, global)?;
    Ok(made.losses.check()?)
}

#[cfg(test)]
mod tests;
