//! Networks with hand-written gradients, each checked against finite differences.

mod mlp;
mod random;

pub use mlp::{Mlp, MlpTrace};
pub use random::{normal, normals, uniforms};

#[cfg(test)]
mod tests;
