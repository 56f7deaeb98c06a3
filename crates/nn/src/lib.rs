//! Networks with hand-written gradients, each checked against finite differences.

mod attention;
mod batch;
mod dropout;
mod mlp;
mod norm;
mod random;
mod tracker;

pub use batch::{BatchDropout, TrackerBatch};
pub use dropout::Dropout;
pub use mlp::{Mlp, MlpTrace};
pub use random::{normal, normals, uniforms};
pub use tracker::{InputGradients, StateTracker, TrackerConfig, TrackerTrace};

#[cfg(test)]
mod tests;
