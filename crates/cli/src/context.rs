//! What every command is given beside its own arguments.

use crate::failure::Failure;
use crate::output::Format;
use crate::settings::Layers;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use tracing_subscriber::filter::LevelFilter;

/// Options every command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// Answer with one JSON object on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Seed of all randomness
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Number of threads [default: all]; results do not depend on it
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Say less on standard error
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more on standard error; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Global {
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
        let mut layers = Layers::new(defaults);
        if let Some(path) = &self.config {
            layers.file(path)?;
        }
        for assignment in &self.set {
            layers.set(assignment)?;
        }
        Ok(layers)
    }
}
