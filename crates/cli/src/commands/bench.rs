//! `bench`: how fast the main jobs are here.

use crate::context::Global;
use crate::failure::Failure;
use crate::progress::to_stderr;
use crate::table::aligned;
use benchmarks::{BENCHMARKS, Benchmark, Figure, Point};
use std::path::PathBuf;

/// Arguments of `bench`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// What to measure [default: everything but the sweep]
    #[arg(value_parser = names())]
    name: Option<String>,

    /// Where `sweep` draws its picture, an SVG file
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
}

const SWEEP: &str = "sweep";

fn names() -> clap::builder::PossibleValuesParser {
    let value = |name: &'static str, about| clap::builder::PossibleValue::new(name).help(about);
    let sweep = value(SWEEP, "how the cost of the main jobs grows with items, users, batch and threads");
    let named = BENCHMARKS.iter().map(|bench: &Benchmark| value(bench.name, bench.about));
    clap::builder::PossibleValuesParser::new(named.chain([sweep]))
}

/// Measures one benchmark or all of them.
pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    if arguments.name.as_deref() == Some(SWEEP) {
        return sweep(arguments, global);
    }
    if arguments.plot.is_some() {
        return Err(Failure::input("--plot draws a sweep").hint("ilrec bench sweep --plot FILE.svg"));
    }
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

fn sweep(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    if let Some(path) = &arguments.plot {
        // Measured for minutes before it is written: whether it can be is asked now.
        drop(global.claim_file(path, <[u8]>::is_empty)?);
        std::fs::File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| Failure::writing(path, &error))?;
    }
    let mut heard = |point: &Point| {
        if !global.quiet {
            to_stderr(&format!("{}, {}: {:.1} us", point.job, point.size, point.micros));
        }
    };
    let points = benchmarks::sweep(&mut heard).map_err(|error| Failure::machine(error.to_string()))?;
    let header = ["what grows", "what is done", "size", "us", "growth"].map(str::to_owned).to_vec();
    let row = |point: &Point| {
        let axis = format!("{:?}", point.axis).to_lowercase();
        let growth = point.growth.map_or_else(String::new, |growth| format!("{growth:.2}"));
        let size = crate::table::grouped(point.size as u64);
        vec![axis, point.job.to_owned(), size, format!("{:.1}", point.micros), growth]
    };
    let table = aligned(&std::iter::once(header).chain(points.iter().map(row)).collect::<Vec<_>>());
    global.format().emit(&points, &table)?;
    let Some(path) = &arguments.plot else { return Ok(()) };
    benchmarks::plot(&points, path).map_err(|error| Failure::machine(error.to_string()))
}
