//! The parts of the page, in the order a reader asks.

mod about;
mod demonstrations;
mod facts;
mod learning;
mod results;

pub(crate) use about::about;
pub(crate) use demonstrations::{demonstrations, grounding};
pub(crate) use facts::{configurations, facts, world_check};
pub(crate) use learning::learning;
pub(crate) use results::{ablation, results};
