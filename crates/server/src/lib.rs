//! Policies behind HTTP: slates, sessions whose feedback survives, hot swap, a console.

mod access;
mod answer;
mod api;
mod arms;
mod attributes;
mod availability;
mod budget;
mod clock;
mod config;
mod console;
mod entrance;
mod error;
mod experiment;
mod guard;
mod health;
mod hosts;
mod keeper;
mod keys;
mod known;
mod line;
mod listen;
mod live;
mod metrics;
mod policies;
mod pool;
mod problem;
mod reading;
mod remote;
mod routes;
mod runs;
mod seats;
mod sessions;
mod shadow;
mod site;
mod state;
pub mod store;
mod tls;
mod watch;
mod weight;

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
