//! The command line: arguments in, artefacts and tables out.

mod commands;
mod context;
mod failure;
mod interrupt;
mod output;
mod progress;
mod screen;
mod settings;
mod shell;
mod stage;
mod table;
mod target;

use clap::{CommandFactory as _, FromArgMatches as _};
use context::Global;
use failure::Failure;
use std::process::ExitCode;
use tracing_subscriber::filter::LevelFilter;

/// Serving and learning make many small allocations on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Turns what an expert knows about a catalogue into a recommendation policy, and says what it is worth
#[derive(clap::Parser, Debug)]
#[command(name = "ilrec", version, max_term_width = 100, arg_required_else_help = true)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    let arguments = arguments();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.exit_code();
            progress::to_stderr(&format!("{:?}", miette::Report::new(failure)));
            code
        }
    }
}

fn arguments() -> Arguments {
    let is_about_settings = std::env::args_os().any(|argument| argument == "--print-config");
    let command = Arguments::command();
    let command = if is_about_settings { context::settings_alone(command) } else { command };
    Arguments::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    prepare_errors()?;
    prepare_logs(arguments.global.level());
    prepare_threads(arguments.global.threads)?;
    arguments.command.run(&arguments.global)
}

/// Errors are not wrapped: a path or a command in them can be copied whole.
fn prepare_errors() -> Result<(), Failure> {
    miette::set_hook(Box::new(|_| {
        Box::new(miette::MietteHandlerOpts::new().wrap_lines(false).break_words(false).build())
    }))
    .map_err(|e| Failure::machine(format!("cannot prepare messages: {e}")))
}

fn prepare_logs(level: LevelFilter) {
    use std::io::IsTerminal as _;
    let with_targets = level >= LevelFilter::DEBUG;
    let logs = tracing_subscriber::fmt()
        .with_writer(progress::Writer::default)
        .with_ansi(std::io::stderr().is_terminal())
        .with_max_level(level)
        .with_target(with_targets)
        .without_time();
    // A second initialisation can only happen in a process that has logs already.
    let _ = logs.try_init();
}

fn prepare_threads(threads: Option<u16>) -> Result<(), Failure> {
    let Some(threads) = threads else { return Ok(()) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(threads))
        .build_global()
        .map_err(|e| Failure::machine(format!("cannot start {threads} threads: {e}")))
}
