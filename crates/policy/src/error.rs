//! What can be wrong with a stored policy.

/// Tensors that are not a published policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A tensor is absent or has another shape.
    #[error("tensor {name} is missing or has another shape than {expected}")]
    Tensor {
        /// Its name.
        name: &'static str,
        /// The shape in words.
        expected: &'static str,
    },
    /// A table without rows.
    #[error("the policy has no {0}")]
    Empty(&'static str),
}
