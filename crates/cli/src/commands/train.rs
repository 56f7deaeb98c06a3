//! `train`: a policy from a world and demonstrations.

use crate::context::{EnvironmentArgs, Global, SettingsArgs};
use crate::failure::Failure;
use crate::interrupt::{self, LastWord};
use crate::settings::Layers;
use crate::shell;
use crate::stage::train::train;
use algorithms::{Entry, TermEntry};
use artefact::Kind;
use experiment::Domain;
use learning::{Demonstrated, Inputs};
use pipeline::{Found, TrainingJob, TrainingRecord, Working, demonstrated, made_of};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use world_model::Side;

/// Arguments of `train`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The dataset directory
    #[arg(long)]
    data: PathBuf,
    /// The world directory
    #[arg(long)]
    world: PathBuf,
    /// The demos directories, if any; several are learned from together
    #[arg(long, num_args = 1..)]
    demos: Vec<PathBuf>,
    /// The policy directory to write
    #[arg(long, value_name = "POLICY")]
    out: PathBuf,
    /// What learns, by its name in the registry (`ilrec algorithms`)
    #[arg(long, default_value = "il-rec", value_parser = algorithm)]
    algo: &'static Entry,
    /// An older way to say --algo released, vectorised or paper; with --algo a2c, these learn without demonstrations
    #[arg(long, value_parser = ["robust", "released", "vectorised", "paper"])]
    preset: Option<String>,
    /// A term to learn with, by its name in the registry (`ilrec terms`); may be given several times
    #[arg(long = "term", value_name = "NAME[:KEY=VALUE,...]", value_parser = algorithms::parse_term)]
    terms: Vec<Term>,
    /// Go on from the checkpoint of an interrupted run
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// A term with the changes over its preset.
type Term = (&'static TermEntry, Value);

#[derive(Serialize)]
struct Answer<'a> {
    policy: &'a Path,
    #[serde(flatten)]
    record: &'a TrainingRecord,
}

fn algorithm(name: &str) -> Result<&'static Entry, String> {
    algorithms::find(name).ok_or_else(|| super::algorithms::known(name))
}

/// Trains.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let chosen = arguments.chosen()?;
    let layers = chosen.layers(&arguments.settings, &arguments.terms)?;
    if arguments.settings.prints(&layers, global)? {
        return Ok(());
    }
    let settings = chosen.entry.settings(layers.values())?;
    let claim = global.claim(Kind::Policy, &arguments.out, "train")?;
    let domain = Domain::open(&arguments.data, &arguments.world)?;
    let environment = arguments.environment.settings().environment(&domain.world, Side::Train)?;
    let (mut demonstrations, mut hashes): (Vec<Demonstrated>, Vec<String>) = (Vec::new(), Vec::new());
    for path in &arguments.demos {
        let (demos, hash) = domain.open_demonstrations(path)?;
        demonstrations.extend(demos.demonstrations.iter().map(demonstrated));
        hashes.push(hash);
    }
    let split = domain.world.split();
    let (train_users, validation_users) =
        (domain.with_histories(&split.train), domain.with_histories(&split.validation));
    let job = TrainingJob {
        entry: chosen.entry,
        settings: settings.as_ref(),
        name: &chosen.name(&layers),
        inputs: Inputs {
            catalogue: &domain.dataset.catalogue,
            environment: &environment,
            train: &train_users,
            validation: &validation_users,
            demonstrators: &split.withheld,
            demonstrations: &demonstrations,
            tables: &domain.tables,
        },
        made_of: &made_of(&domain, &hashes),
        seed: global.seed(),
        keeps_checkpoint: true,
    };
    let _last_word = last_word(&arguments.out);
    let trained = train(&job, &claim, arguments.resume)?;
    let answer = Answer { policy: &arguments.out, record: &trained.record };
    global.format().emit(&answer, &arguments.for_people(&trained.record))
}

/// What is trained, with the settings that its options fix.
struct Chosen {
    entry: &'static Entry,
    /// `section.key=value` settings that win over the preset.
    fixed: &'static [&'static str],
}

impl Chosen {
    /// The preset and some settings above it; what makes it the algorithm wins. Terms have their presets beneath the file and
    /// `--set`, and what is said with their names above both.
    fn layers(&self, settings: &SettingsArgs, terms: &[Term]) -> Result<Layers, Failure> {
        let mut defaults = self.entry.defaults();
        let named =
            terms.iter().map(|(term, _)| *term).chain(settings.config.iter().flat_map(|file| terms_of(file)));
        for term in named {
            defaults["term"][term.name] = term.defaults();
        }
        let mut layers = settings.layers_after(&defaults, self.fixed)?;
        for (term, changes) in terms {
            for (key, value) in changes.as_object().into_iter().flatten() {
                layers.set(&format!("term.{}.{key}={value}", term.name))?;
            }
        }
        for key in self.entry.overruled(layers.values()) {
            tracing::warn!("{key} stays as it is: it is what makes it {}", self.entry.name);
        }
        Ok(Layers::new(&self.entry.fix(layers.values().clone())))
    }

    /// The name in tables: the algorithm, or what was switched off of it.
    fn name(&self, layers: &Layers) -> String {
        let usual = self.entry.defaults();
        named(self.entry.name, &usual, layers.values())
    }
}

/// The terms that a settings file names; what else is wrong with it is said by whoever reads it.
fn terms_of(file: &Path) -> Vec<&'static TermEntry> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let named = table.get("term").and_then(toml::Value::as_table);
    named
        .into_iter()
        .flat_map(toml::Table::keys)
        .filter_map(|name| algorithms::find_term(name).ok())
        .collect()
}

/// What is said of a training run that is told to end.
fn last_word(out: &Path) -> LastWord {
    let out = out.to_owned();
    interrupt::last_word(move || match Working::found(&out, "") {
        Found::Nothing => "stopped before the first checkpoint: nothing is kept".to_owned(),
        Found::Same | Found::Other => format!(
            "stopped: the last checkpoint is kept; the same command goes on from there with --resume: {}",
            Working::place(&out).display()
        ),
    })
}

impl Arguments {
    fn chosen(&self) -> Result<Chosen, Failure> {
        let plain = |entry| Ok(Chosen { entry, fixed: &[] });
        let Some(preset) = self.preset.as_deref().filter(|preset| *preset != "robust") else {
            return plain(self.algo);
        };
        let entry = algorithm(preset).map_err(Failure::input)?;
        match self.algo.name {
            "il-rec" => plain(entry),
            "a2c" => {
                Ok(Chosen { entry, fixed: &["demonstrations.presence=none", "critic.learned_reward=0.0"] })
            }
            algo => Err(Failure::input(format!("the preset {preset} cannot be trained as {algo}"))
                .hint(format!("give one of them: `--algo {algo}`, or `--algo {preset}`"))),
        }
    }

    fn for_people(&self, record: &TrainingRecord) -> String {
        format!(
            "{} environment steps in {} sessions, {} gradient steps, {:.1} s ({:.0} steps/s)\n\
             parameter hash {}\n{}next: ilrec eval --policy {} --data {} --world {}",
            record.env_steps,
            record.episodes,
            record.gradient_steps,
            record.seconds,
            record.env_steps_per_second,
            record.parameter_hash,
            validations(record),
            shell::path(&self.out),
            shell::path(&self.data),
            shell::path(&self.world),
        )
    }
}

/// An algorithm without what its settings switched off has another name: `no-demonstrations`, as in the tables of `run`.
fn named(algo: &str, usual: &Value, settings: &Value) -> String {
    let switches = usual["switches"].as_object();
    let mut changed: Vec<String> = switches
        .into_iter()
        .flatten()
        .filter(|(switch, value)| settings["switches"][switch.as_str()] != **value)
        .map(|(switch, value)| {
            let word = if *value == Value::Bool(true) { "no" } else { "with" };
            format!("{word}-{}", switch.replace('_', "-"))
        })
        .collect();
    if settings.pointer("/training/first_weights") != usual.pointer("/training/first_weights") {
        changed.push("neutral-first-weights".to_owned());
    }
    let presence = "/demonstrations/presence";
    if settings.pointer(presence) != usual.pointer(presence)
        && settings.pointer(presence) == Some(&"none".into())
    {
        changed.push("no-demonstrations".to_owned());
    }
    changed.sort();
    let name = match (algo, changed.as_slice()) {
        (_, []) => algo.to_owned(),
        ("il-rec", [one]) => one.clone(),
        (_, several) => format!("{algo}, {}", several.join(", ")),
    };
    let mut terms: Vec<&String> =
        settings["term"].as_object().into_iter().flat_map(|terms| terms.keys()).collect();
    terms.sort();
    terms.into_iter().fold(name, |name, term| format!("{name}, with {term}"))
}

/// How the return of validation users went.
fn validations(record: &TrainingRecord) -> String {
    let Some(last) = record.validation.last() else { return String::new() };
    let best = record.validation.iter().max_by(|a, b| a.r_traj.total_cmp(&b.r_traj)).unwrap_or(last);
    format!(
        "return of validation users: {:.1} at the end, {:.1} at best (after {} environment steps)\n",
        last.r_traj, best.r_traj, best.n_env_steps
    )
}

#[cfg(test)]
mod tests;
