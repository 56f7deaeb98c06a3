//! Quantised matrices and their products with activations: integers inside blocks, floats between them.

mod activations;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod float16;
mod packed;
#[cfg(target_arch = "x86_64")]
mod packing;
mod portable;
mod product;
mod quantisation;

pub(crate) use activations::Activations;
#[cfg(test)]
pub(crate) use float16::to_half;
pub(crate) use packed::Matrix;
pub(crate) use product::{Panels, products, products_of_tiles};
pub(crate) use quantisation::{Quantisation, read_floats};

/// Rows of a matrix that are computed together: the lanes of the widest registers.
pub(crate) const LANES: usize = 16;

#[cfg(test)]
mod tests;
