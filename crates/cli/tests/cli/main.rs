//! The real command line on small inputs.

mod chain;
mod experiment;
mod mistakes;
mod program;
