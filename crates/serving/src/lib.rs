//! Ranking from an immutable artefact, whose large tables are mapped.
//!
//! Requests come from outside: whatever they hold, the answer is a list or a [`ServingError`], never a panic.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod error;
mod explain;
mod export;
mod judged;
mod names;
mod precedents;
mod recommend;
mod selftest;
mod served;
mod session;
mod similar;
mod table;

pub use artefact::Precision;
pub use error::ServingError;
pub use explain::{Contribution, Reason};
pub use export::{Export, export};
pub use precedents::{Precedent, ServedSession, ServedStep};
pub use ranking::Selection;
pub use recommend::{Recommendation, Request};
pub use served::{About, Served, VERSION};
pub use session::Session;
pub use similar::SimilarItem;
pub use table::{TableFacts, rounded};

#[cfg(test)]
mod tests;
