//! The real command line on small inputs.

mod chain;
mod damage;
mod experiment;
mod mistakes;
mod model;
mod program;
