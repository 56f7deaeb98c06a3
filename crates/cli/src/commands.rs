//! The commands: each turns its arguments into a call of the pipeline and its outcome into an answer.

mod algorithms;
mod bench;
mod collect;
mod data;
mod demos;
mod doctor;
mod eval;
mod export;
mod init;
mod migrate;
mod quickstart;
mod report;
mod rules;
mod run;
mod serve;
mod terms;
mod train;
mod world;

use crate::context::Global;
use crate::failure::Failure;

/// What there is to do.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// The main job on a generated domain, offline: from a log to a judged policy
    Quickstart(quickstart::Arguments),
    /// A run's file for your log: what is in it is guessed, shown and written down
    Init(init::Arguments),
    /// Import and describe interaction logs
    #[command(subcommand)]
    Data(data::DataCommand),
    /// Fit worlds to a log, and check whether they are worth training in
    #[command(subcommand)]
    World(world::WorldCommand),
    /// Import, collect and look at demonstrations
    #[command(subcommand)]
    Demos(demos::DemosCommand),
    /// Train a policy
    Train(train::Arguments),
    /// What can be trained by name, with sources and settings
    Algorithms(algorithms::Arguments),
    /// When simulated users may leave: the exit rules with their parameters
    Rules(rules::Arguments),
    /// What can be learned with beside (`train --term`), with sources and settings
    Terms(terms::Arguments),
    /// Judge a policy or a control
    Eval(eval::Arguments),
    /// Make a policy ready to be served: one immutable directory with all that ranking needs
    Export(export::Arguments),
    /// Serve a policy: HTTP and a console
    Serve(serve::Arguments),
    /// The whole pipeline from one file; only stages whose inputs changed run again
    Run(run::Arguments),
    /// One self-contained HTML page about runs and evaluations
    Report(report::Arguments),
    /// Measure the main jobs on this machine, each beside a reference
    Bench(bench::Arguments),
    /// What earlier versions wrote: used as it is, converted, or refused with the command that makes it anew
    Migrate(migrate::Arguments),
    /// Look at this machine: what is used, what is missing, how to get it
    Doctor(doctor::Arguments),
}

impl Command {
    /// Does it.
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::Quickstart(arguments) => quickstart::run(arguments, global),
            Self::Init(arguments) => init::run(arguments, global),
            Self::Data(command) => data::run(command, global),
            Self::World(command) => world::run(command, global),
            Self::Demos(command) => demos::run(command, global),
            Self::Train(arguments) => train::run(arguments, global),
            Self::Algorithms(arguments) => algorithms::run(arguments, global),
            Self::Rules(arguments) => rules::run(arguments, global),
            Self::Terms(arguments) => terms::run(arguments, global),
            Self::Eval(arguments) => eval::run(arguments, global),
            Self::Export(arguments) => export::run(arguments, global),
            Self::Serve(arguments) => serve::run(arguments, global),
            Self::Run(arguments) => run::run(arguments, global),
            Self::Report(arguments) => report::run(arguments, global),
            Self::Bench(arguments) => bench::run(arguments, global),
            Self::Migrate(arguments) => migrate::run(arguments, global),
            Self::Doctor(arguments) => doctor::run(arguments, global),
        }
    }
}
