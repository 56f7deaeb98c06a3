//! The transformer: from tokens to what comes next.

mod attention;
mod config;
mod forward;
mod rope;
mod weights;

pub(crate) use config::Config;
pub(crate) use forward::Span;
pub(crate) use weights::Network;
