//! The policy as an ONNX graph.
//!
//! The graph is the whole forward pass of the default learner, from what a user rated to a score for every item, so
//! whoever runs it needs nothing of ours: four vectors go in, one comes out.
//!
//! # Shapes
//! `history_items: i64 [history]` and `history_ratings: f32 [history]`, oldest first, may be empty; `shown_items: i64
//! [steps]` and `shown_rewards: f32 [steps]`, the session so far, may be empty; `scores: f32 [items]`, minus infinity for
//! items of the history and the session. Items are rows of the catalogue, ratings and rewards are from 1 to 5.

mod belief;
mod content;
mod graph;
mod hazard;
mod items;
mod message;
mod policy;

pub use policy::model;

#[cfg(test)]
mod tests;
