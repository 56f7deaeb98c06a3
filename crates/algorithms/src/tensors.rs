//! Networks and optimisers as named tensors of a checkpoint.

use artefact::Tensors;
use kernels::Adam;
use learning::LearningError;
use nn::Mlp;

pub(crate) fn put_mlp(out: &mut Tensors, name: &str, mlp: &Mlp) {
    out.insert(name, &[mlp.parameters.len()], mlp.parameters.clone());
}

/// # Errors
/// When there is no tensor of this name and of the network's size.
pub(crate) fn take_mlp(from: &mut Tensors, name: &str, mlp: &mut Mlp) -> Result<(), LearningError> {
    mlp.parameters = take(from, name, &[mlp.parameters.len()])?;
    Ok(())
}

/// The step counter is split, since a float holds whole numbers up to 2^24 alone.
pub(crate) fn put_adam(out: &mut Tensors, name: &str, adam: &Adam) {
    let n = adam.first.len();
    out.insert(&format!("{name}.first"), &[n], adam.first.clone());
    out.insert(&format!("{name}.second"), &[n], adam.second.clone());
    out.insert(&format!("{name}.n_steps"), &[2], split(adam.n_steps));
}

/// # Errors
/// When a tensor is missing or has another length.
pub(crate) fn take_adam(from: &mut Tensors, name: &str, adam: &mut Adam) -> Result<(), LearningError> {
    let n = adam.first.len();
    adam.first = take(from, &format!("{name}.first"), &[n])?;
    adam.second = take(from, &format!("{name}.second"), &[n])?;
    adam.n_steps = joined(&take(from, &format!("{name}.n_steps"), &[2])?);
    Ok(())
}

/// # Errors
/// When there is no tensor of this name and shape.
pub(crate) fn take(from: &mut Tensors, name: &str, shape: &[usize]) -> Result<Vec<f32>, LearningError> {
    let why = || format!("no tensor {name} of shape {shape:?}");
    from.take(name, shape).ok_or_else(|| LearningError::Mismatch { what: "checkpoint", why: why() })
}

const HALF: u64 = 1 << 20;

/// A whole number as two floats that hold it exactly.
pub(crate) fn split(n: u64) -> Vec<f32> {
    vec![(n / HALF) as f32, (n % HALF) as f32]
}

/// The whole number of [`split`]; of anything else, some number.
pub(crate) fn joined(halves: &[f32]) -> u64 {
    (halves[0] as u64).saturating_mul(HALF).saturating_add(halves[1] as u64)
}
