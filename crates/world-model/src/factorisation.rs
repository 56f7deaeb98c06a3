//! The judge world: biased matrix factorisation by alternating least squares, with a noise variance for every
//! cell. Another family than the train world, in closed form; a cell costs one short inner product.

mod config;
mod learner;
mod network;

pub use config::FactorisationConfig;
pub use network::Factorisation;

#[cfg(test)]
mod tests;
