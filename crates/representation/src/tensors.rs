//! Named tensors, wherever they come from and go to.

use artefact::Floats;

/// Where tensors come from: name and shape to numbers, or nothing where there is no such tensor.
pub type TensorSource<'a> = dyn FnMut(&str, &[usize]) -> Option<Floats> + 'a;
/// Where tensors go: name, shape and numbers.
pub type TensorSink<'a> = dyn FnMut(&str, &[usize], &[f32]) + 'a;

/// One tensor of the expected shape.
///
/// # Errors
/// Which one is missing.
pub fn take(source: &mut TensorSource<'_>, name: &str, shape: &[usize]) -> Result<Floats, String> {
    source(name, shape).ok_or_else(|| format!("no tensor {name} of shape {shape:?}"))
}
