//! Policies behind HTTP: slates, sessions whose feedback survives, hot swap, a console.

mod answer;
mod api;
mod clock;
mod config;
mod console;
mod error;
mod guard;
mod keys;
mod listen;
mod live;
mod metrics;
mod policies;
mod pool;
mod problem;
mod routes;
mod runs;
mod sessions;
mod state;
pub mod store;

pub use config::{Config, Limits, StoreAt};
pub use error::ServerError;
pub use keys::{Keys, Scope};
pub use listen::{Server, serve};
pub use runs::{Run, RunCurve, RunRow, RunTable, Runs};

#[cfg(test)]
mod tests;
