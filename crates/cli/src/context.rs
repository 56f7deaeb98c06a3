//! What every command is given beside its own arguments.

use crate::failure::Failure;
use crate::output::Format;
use crate::settings::Layers;
use clap::Args;
use environment::Setting;
use experiment::{EXIT_RULES, EnvironmentSettings};
use serde::Serialize;
use std::path::PathBuf;
use tracing_subscriber::filter::LevelFilter;

/// Options every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Answer with one JSON object on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Seed of all randomness [default: 0, or what the run's file says]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Number of threads [default: all]; results do not depend on it
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Replace what stands where is written, also what took work, is of another kind, or is not ours
    #[arg(long, global = true)]
    pub(crate) force: bool,
    /// Say less on standard error
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more on standard error; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Global {
    /// The seed, 0 where none is given.
    pub(crate) fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }

    /// How the command answers.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::People }
    }

    /// How much is logged.
    pub(crate) fn level(&self) -> LevelFilter {
        match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::ERROR,
            (false, 0) => LevelFilter::INFO,
            (false, 1) => LevelFilter::DEBUG,
            (false, _) => LevelFilter::TRACE,
        }
    }
}

/// Options of every command that has settings.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SettingsArgs {
    /// Settings file; what it does not say keeps its default
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
    /// One setting; wins over the file
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Print the resolved settings and stop
    #[arg(long)]
    pub(crate) print_config: bool,
}

impl SettingsArgs {
    /// Defaults, then the file, then each `--set`.
    pub(crate) fn layers(&self, defaults: &impl Serialize) -> Result<Layers, Failure> {
        self.layers_after(defaults, &[])
    }

    /// The same with assignments between the defaults and the file.
    pub(crate) fn layers_after(&self, defaults: &impl Serialize, first: &[&str]) -> Result<Layers, Failure> {
        let mut layers = Layers::new(defaults);
        for assignment in first {
            layers.set(assignment)?;
        }
        if let Some(path) = &self.config {
            layers.file(path)?;
        }
        for assignment in &self.set {
            layers.set(assignment)?;
        }
        Ok(layers)
    }

    /// Prints the settings where that is asked for, and says whether it was.
    pub(crate) fn prints(&self, layers: &Layers, global: &Global) -> Result<bool, Failure> {
        if self.print_config {
            global.format().emit(layers.values(), &layers.to_toml())?;
        }
        Ok(self.print_config)
    }
}

/// The commands as they are where settings are only to be printed: what a command works on is not needed for that.
pub(crate) fn settings_alone(command: clap::Command) -> clap::Command {
    let has_settings = command.get_arguments().any(|argument| argument.get_id() == "print_config");
    let eased = command.mut_args(|argument| {
        if !(has_settings && argument.is_required_set()) {
            return argument;
        }
        // Nothing reads it; it is one of the values where there are few, else a path and a number at once.
        let values = argument.get_possible_values();
        let unread = values.first().map_or_else(|| "0".to_owned(), |value| value.get_name().to_owned());
        argument.required(false).default_value(unread)
    });
    eased.mut_subcommands(settings_alone)
}

/// When users leave; training, demonstrations and judging should agree on it.
#[derive(Args, Clone, Debug)]
pub(crate) struct EnvironmentArgs {
    /// When users leave
    #[arg(long, value_name = "NAME", default_value = EXIT_RULES[0],
          value_parser = clap::builder::PossibleValuesParser::new(EXIT_RULES))]
    exit_rule: String,
    /// The most steps of a session [default: 100; where a language model is asked, 50]
    #[arg(long, value_name = "STEPS")]
    horizon: Option<usize>,
    /// Threshold of a distance or similarity rule [default: calibrated in each world]
    #[arg(long, value_name = "X")]
    threshold: Option<f32>,
    /// One parameter of the exit rule, as `ilrec rules NAME` lists them
    #[arg(long, value_name = "PARAMETER=VALUE", value_parser = assignment)]
    exit_set: Vec<(String, Setting)>,
}

/// The two sides of `PARAMETER=VALUE`.
fn assignment(word: &str) -> Result<(String, Setting), String> {
    let (name, value) = word.split_once('=').ok_or("PARAMETER=VALUE is expected, such as window=5")?;
    Ok((name.trim().to_owned(), value.trim().into()))
}

impl EnvironmentArgs {
    /// The most steps of a session, where they were given.
    pub(crate) fn horizon(&self) -> Option<usize> {
        self.horizon
    }

    /// As experiments know them.
    pub(crate) fn settings(&self) -> EnvironmentSettings {
        EnvironmentSettings {
            exit_rule: self.exit_rule.clone(),
            horizon: self.horizon.unwrap_or(EnvironmentSettings::default().horizon),
            threshold: self.threshold,
            rule: self.exit_set.iter().cloned().collect(),
        }
    }
}
