//! Policies behind HTTP: slates, sessions whose feedback survives, hot swap, a console.

mod access;
mod answer;
mod api;
mod arms;
mod attributes;
mod availability;
mod background;
mod budget;
mod clock;
mod config;
mod connection;
mod connection_limit;
mod console;
mod error;
mod experiment;
mod health;
mod hosts;
mod keys;
mod listen;
mod listener;
mod live_session;
mod metrics;
mod middleware;
mod policies;
mod pool;
mod problem;
mod remote;
mod routes;
mod runs;
mod session_memory;
mod sessions;
mod shadow;
mod site;
mod state;
pub mod store;
mod store_reader;
mod tls;
mod user_history;
mod watch;

pub use access::AccessLog;
pub use attributes::Attributes;
pub use config::{Config, Limits, StoreAt};
pub use error::ServerError;
pub use experiment::{Arm, Mode, Trial};
pub use keys::{Keys, Scope};
pub use listen::{Server, serve};
pub use remote::{RemotePolicy, SIMULATED};
pub use runs::{Run, RunCurve, RunRow, RunTable, Runs};
pub use site::{Network, NoNetwork, NoSite, Site};
pub use tls::Tls;

#[cfg(test)]
mod tests;
