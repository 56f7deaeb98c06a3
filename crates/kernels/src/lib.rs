//! The arithmetic that everything spends its time in, free of any framework, deterministic on one thread.

mod adam;
mod matrix;
mod softmax;
mod vector;

pub use adam::{Adam, AdamConfig};
pub use matrix::{Layout, matmul};
pub use softmax::{log_sum_exp, softmax_in_place};
pub use vector::{add_scaled, dot, exp_in_place};

#[cfg(test)]
mod tests;
