//! The commands: each turns its arguments into a call of the pipeline and its outcome into an answer.

mod doctor;

use crate::context::Global;
use crate::failure::Failure;

/// What there is to do.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Look at this machine: what is used, what is missing, how to get it
    Doctor(doctor::Arguments),
}

impl Command {
    /// Does it.
    pub(crate) fn run(&self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::Doctor(arguments) => doctor::run(arguments, global),
        }
    }
}
