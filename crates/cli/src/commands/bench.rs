//! `bench`: how fast the main jobs are here.

use crate::context::Global;
use crate::failure::Failure;
use crate::progress::to_stderr;
use crate::table::aligned;
use benchmarks::{BENCHMARKS, Benchmark, Figure};

/// Arguments of `bench`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// What to measure [default: everything]
    #[arg(value_parser = names())]
    name: Option<String>,
}

fn names() -> clap::builder::PossibleValuesParser {
    let value = |bench: &Benchmark| clap::builder::PossibleValue::new(bench.name).help(bench.about);
    clap::builder::PossibleValuesParser::new(BENCHMARKS.iter().map(value))
}

/// Measures one benchmark or all of them.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let is_wanted = |bench: &&Benchmark| arguments.name.as_ref().is_none_or(|name| name == bench.name);
    let mut figures = Vec::new();
    for bench in BENCHMARKS.iter().filter(is_wanted) {
        if !global.quiet {
            to_stderr(&format!("{}: {}", bench.name, bench.about));
        }
        figures.extend(bench.run().map_err(|error| Failure::machine(error.to_string()))?);
    }
    global.format().emit(&figures, &table(&figures))
}

fn table(figures: &[Figure]) -> String {
    let header = ["", "value", "reference", "unit", "ratio"].map(str::to_owned).to_vec();
    let row = |figure: &Figure| {
        let number = |x: f64| if x < 1e3 { format!("{x:.1}") } else { crate::table::grouped(x as u64) };
        let Figure { name, value, unit, reference, ratio } = figure;
        vec![name.clone(), number(*value), number(*reference), (*unit).to_owned(), format!("{ratio:.2}")]
    };
    aligned(&std::iter::once(header).chain(figures.iter().map(row)).collect::<Vec<_>>())
}
