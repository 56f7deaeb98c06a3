//! `train`: a policy from a world and demonstrations.

use crate::context::{EnvironmentArgs, Global, SettingsArgs};
use crate::failure::Failure;
use crate::interrupt::{self, LastWord};
use crate::settings::Layers;
use crate::shell;
use crate::stage::domain::Domain;
use crate::stage::policy::{Account, Trained};
use crate::stage::simulation::Simulation;
use crate::stage::train::{Job, train};
use crate::stage::{demos, published};
use artefact::Kind;
use pipeline::{Found, Variant, Working};
use robust::{ROBUST_PRESET, RobustConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};
use training::{PAPER, RELEASED, RawTrainingConfig, VECTORISED};
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
    /// The demos directory
    #[arg(long)]
    demos: Option<PathBuf>,
    /// The policy directory to write
    #[arg(long, value_name = "POLICY")]
    out: PathBuf,
    /// What learns: il-rec, bc (imitation alone, unweighted), a2c (no demonstrations, no learned hazard) or planner
    /// (il-rec with a frozen actor); the switches that make it win over the settings
    #[arg(long, default_value = "il-rec", value_parser = ["il-rec", "bc", "a2c", "planner"])]
    algo: String,
    /// Settings to start from: robust (ours), released (the published code), vectorised (the same in large rounds), paper
    /// (the loop of the paper)
    #[arg(long, default_value = "robust", value_parser = ["robust", "released", "vectorised", "paper"])]
    preset: String,
    /// Go on from the checkpoint of an interrupted run
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    policy: &'a Path,
    #[serde(flatten)]
    account: &'a Account,
}

/// Checked settings of one of the learners.
enum Learner {
    Robust(RobustConfig),
    Published(RawTrainingConfig),
}

/// Trains.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let layers = arguments.layers()?;
    if arguments.settings.prints(&layers, global)? {
        return Ok(());
    }
    let learner = arguments.learner(&layers)?;
    let claim = global.claim(Kind::Policy, &arguments.out, "train")?;
    let domain = Domain::open(&arguments.data, &arguments.world)?;
    let environment = Simulation::new(&domain.world, &arguments.environment.settings(), global.seed())?
        .environment(&domain.world, Side::Train)?;
    let (demonstrations, demos_hash) = match &arguments.demos {
        None => (Vec::new(), String::new()),
        Some(path) => {
            let (demos, hash) = demos::open(&domain, path)?;
            (demos.demonstrations.iter().map(|demo| demo.trajectory()).collect(), hash)
        }
    };
    let job = Job {
        domain: &domain,
        environment: &environment,
        demonstrations: &demonstrations,
        demos_hash,
        name: &arguments.name(&layers)?,
        preset: &arguments.preset,
        seed: global.seed(),
        claim: &claim,
        resume: arguments.resume,
    };
    let _last_word = last_word(&arguments.out);
    let trained = match &learner {
        Learner::Robust(config) => train(&job, config)?,
        Learner::Published(config) => published::train(&job, config)?,
    };
    let answer = Answer { policy: &arguments.out, account: &trained.account };
    global.format().emit(&answer, &arguments.for_people(&trained))
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
    fn layers(&self) -> Result<Layers, Failure> {
        self.layers_of(&self.settings)
    }

    /// The preset and some settings above it, as the algorithm wants them: of the default learner, what `run` trains
    /// under the algorithm's name.
    fn layers_of(&self, settings: &SettingsArgs) -> Result<Layers, Failure> {
        let published = match self.preset.as_str() {
            "released" => RELEASED,
            "vectorised" => VECTORISED,
            "paper" => PAPER,
            _ => {
                let preset: RobustConfig = preset("robust", ROBUST_PRESET)?;
                let mut config: RobustConfig = settings.layers(&preset)?.resolve()?;
                self.variant().apply(&mut config);
                return Ok(Layers::new(&config));
            }
        };
        let preset: RawTrainingConfig = preset(&self.preset, published)?;
        settings.layers_after(&preset, self.published_switches()?)
    }

    fn learner(&self, layers: &Layers) -> Result<Learner, Failure> {
        if self.preset != "robust" {
            return Ok(Learner::Published(layers.resolve()?));
        }
        let config: RobustConfig = layers.resolve()?;
        config.check()?;
        Ok(Learner::Robust(config))
    }

    fn variant(&self) -> Variant {
        match self.algo.as_str() {
            "bc" => Variant::BehaviorCloning,
            "a2c" => Variant::ActorCritic,
            "planner" => Variant::Planner,
            _ => Variant::Full,
        }
    }

    fn published_switches(&self) -> Result<&'static [&'static str], Failure> {
        match self.algo.as_str() {
            "il-rec" => Ok(&[]),
            "a2c" => Ok(&["demonstrations.presence=none", "critic.learned_reward=0.0"]),
            algo => Err(Failure::input(format!("the preset {} cannot be trained as {algo}", self.preset))
                .hint(format!("it is `--preset robust --algo {algo}`"))),
        }
    }

    /// The name in tables: the algorithm, or what was switched off of it; with the preset where it is not the default.
    fn name(&self, layers: &Layers) -> Result<String, Failure> {
        let usual = self.layers_of(&SettingsArgs::default())?;
        let name = named(&self.algo, usual.values(), layers.values());
        Ok(match self.preset.as_str() {
            "robust" => name,
            preset => format!("{name} ({preset})"),
        })
    }

    fn for_people(&self, trained: &Trained) -> String {
        let account = &trained.account;
        format!(
            "{} environment steps in {} sessions, {} gradient steps, {:.1} s ({:.0} steps/s)\n\
             parameter hash {}\n{}next: ilrec eval --policy {} --data {} --world {}",
            account.env_steps,
            account.episodes,
            account.gradient_steps,
            account.seconds,
            account.env_steps_per_second,
            account.parameter_hash,
            validations(account),
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
    let presence = "/demonstrations/presence";
    if settings.pointer(presence) != usual.pointer(presence)
        && settings.pointer(presence) == Some(&"none".into())
    {
        changed.push("no-demonstrations".to_owned());
    }
    match (algo, changed.as_slice()) {
        (_, []) => algo.to_owned(),
        ("il-rec", [one]) => one.clone(),
        (_, several) => format!("{algo}, {}", several.join(", ")),
    }
}

/// How the return of validation users went.
fn validations(account: &Account) -> String {
    let Some(last) = account.validation.last() else { return String::new() };
    let best = account.validation.iter().max_by(|a, b| a.r_traj.total_cmp(&b.r_traj)).unwrap_or(last);
    format!(
        "return of validation users: {:.1} at the end, {:.1} at best (after {} environment steps)\n",
        last.r_traj, best.r_traj, best.n_env_steps
    )
}

fn preset<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Failure> {
    toml::from_str(text).map_err(|e| Failure::machine(format!("the preset {name} is damaged: {e}")))
}

#[cfg(test)]
mod tests;
