//! What a running server endures: load, swaps, kills and overload, measured from outside.
//!
//! And what all commands endure, with `-- --hostile`: damaged inputs, hostile clients and stores.
//!
//! `cargo build --release && cargo run --release -p endurance` runs everything in full, about eleven minutes; with `-- --short`
//! less of everything, in two. Faults fail the run; speeds are reported beside their bars and fail nothing.

mod client;
mod hostile;
mod kills;
mod latency;
mod load;
mod overload;
mod prepare;
mod process;
mod reference;
mod report;
mod requests;
mod speed;
mod swaps;

use clap::Parser;
use report::{Figure, Report};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Load and fault tests of `ilrec serve`, from outside.
#[derive(Parser, Debug)]
struct Arguments {
    /// Less of everything: two minutes instead of eleven
    #[arg(long)]
    short: bool,
    /// Only these; all where none is named
    #[arg(long, value_enum, value_delimiter = ',', conflicts_with = "hostile")]
    only: Vec<Part>,
    /// Attacks instead: no panic, no abort, no hang over 20 s, at most 2 GB, nothing acknowledged lost, health answered
    #[arg(long)]
    hostile: bool,
    /// Only these attacks; all where none is named
    #[arg(long, value_enum, value_delimiter = ',', requires = "hostile")]
    attacks: Vec<hostile::Attack>,
    /// Where attacks begin; another number, other damage
    #[arg(long, default_value_t = 0, requires = "hostile")]
    seed: u64,
    /// The binary
    #[arg(long, default_value = "target/release/ilrec")]
    ilrec: PathBuf,
    /// An artefact to serve and another one to swap with; made from a generated log where they are not given
    #[arg(long, num_args = 2, value_names = ["ARTEFACT", "OTHER"])]
    artefacts: Vec<PathBuf>,
    /// Where artefacts and stores are made
    #[arg(long, default_value = "target/endurance")]
    dir: PathBuf,
    /// Connections that ask one request after another in the measures of throughput
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// A file for the figures, as JSON
    #[arg(long)]
    out: Option<PathBuf>,
}

/// One kind of trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Throughput,
    Latency,
    Memory,
    Reference,
    Swaps,
    Kills,
    Overload,
}

const ALL: [Part; 7] = [
    Part::Throughput,
    Part::Latency,
    Part::Memory,
    Part::Reference,
    Part::Swaps,
    Part::Kills,
    Part::Overload,
];

/// What all trials need.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    pub(crate) ilrec: PathBuf,
    pub(crate) artefact: PathBuf,
    pub(crate) other: PathBuf,
    pub(crate) dir: PathBuf,
    pub(crate) n_connections: usize,
    pub(crate) is_short: bool,
}

/// Whatever goes wrong, in words.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(report) if report.is_sound() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            report::say(&format!("cannot go on: {error}"));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<Report> {
    std::fs::create_dir_all(&arguments.dir)?;
    let ilrec = arguments.ilrec.canonicalize().map_err(|error| {
        format!("{error}: {}; build it: cargo build --release", arguments.ilrec.display())
    })?;
    if arguments.hostile {
        return attack(arguments, ilrec);
    }
    let (artefact, other) = match arguments.artefacts.as_slice() {
        [one, other] => (one.clone(), other.clone()),
        _ => prepare::artefacts(&ilrec, &arguments.dir)?,
    };
    let bench = Bench {
        ilrec,
        artefact: artefact.canonicalize()?,
        other: other.canonicalize()?,
        dir: arguments.dir.clone(),
        n_connections: arguments.connections,
        is_short: arguments.short,
    };
    let mut report = Report::default();
    let parts = if arguments.only.is_empty() { &ALL[..] } else { &arguments.only };
    for part in parts {
        let figures = one(*part, &bench)?;
        figures.into_iter().for_each(|figure| report.add(figure));
    }
    if let Some(path) = &arguments.out {
        report.write(path, Path::new(&bench.artefact))?;
    }
    Ok(report)
}

/// Everything that is damaged is made by the binary itself from a small log.
fn attack(arguments: &Arguments, ilrec: PathBuf) -> Outcome<Report> {
    let (artefact, other) = (arguments.dir.join("small/artefact"), PathBuf::new());
    let dir = arguments.dir.canonicalize()?;
    let bench = Bench {
        ilrec,
        artefact,
        other,
        dir,
        n_connections: arguments.connections,
        is_short: arguments.short,
    };
    let attacked = hostile::Attacked::prepared(&bench, arguments.seed)?;
    let mut report = Report::default();
    let attacks = if arguments.attacks.is_empty() { &hostile::ALL[..] } else { &arguments.attacks };
    for one in attacks {
        let figures = attacked.one(*one)?;
        figures.into_iter().for_each(|figure| report.add(figure));
    }
    attacked.overall().into_iter().for_each(|figure| report.add(figure));
    if let Some(path) = &arguments.out {
        report.write(path, &attacked.small.artefact)?;
    }
    Ok(report)
}

fn one(part: Part, bench: &Bench) -> Outcome<Vec<Figure>> {
    match part {
        Part::Throughput => speed::throughput(bench),
        Part::Latency => speed::latency(bench),
        Part::Memory => speed::memory(bench),
        // Needs Python with PyTorch, which is more than a short run should install.
        Part::Reference if bench.is_short => Ok(Vec::new()),
        Part::Reference => reference::beside(bench),
        Part::Swaps => swaps::hundred(bench),
        Part::Kills => kills::fifty(bench),
        Part::Overload => overload::four_times(bench),
    }
}
