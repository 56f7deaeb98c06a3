//! The arithmetic that everything spends its time in, free of any framework, deterministic on any number of threads.

mod adam;
mod attention;
mod batch;
mod columns;
mod half;
mod head;

mod inverse;
mod isa;
mod itemhead;
mod lanes;
mod linear;
mod matrix;
mod norms;
mod perceptron;
mod product;
mod rowadam;
mod scoring;
mod softmax;
mod vector;

pub use adam::{Adam, AdamConfig};
pub use attention::{Queries, Sessions, attend, attend_backward};
pub use batch::{affine_batch, affine_batch_backward, transpose};
pub use columns::{
    add_product, dot_long, keep_two_smallest, largest_where, logarithms, multiply, negate, one_plus_exp,
    square_roots,
};
pub use head::{HeadLoss, SoftmaxRow, clamp_logits, draw_from_softmax, head_gradient, softmax_row};
pub use inverse::invert_positive_definite;
pub use isa::Isa;
pub use itemhead::{
    Drawn, HeadDraw, HeadGradients, HeadLimits, HeadParameters, HeadPass, HeadRow, HeadScale, HeadTable,
};
pub use linear::{affine, affine_backward, products_of_rows};
pub use matrix::{Layout, matmul};
pub use norms::NormBatch;
pub use perceptron::perceptron_over_columns;
pub use rowadam::{Absence, RowAdam, RowAdamParts, RowGradients};
pub use scoring::{Precision, Scored, ScoringTable};
pub use softmax::{log_softmax_in_place, log_sum_exp, softmax_in_place};
pub use vector::{add_outer_product, add_scaled, dot, exp_in_place};

#[cfg(test)]
mod tests;
