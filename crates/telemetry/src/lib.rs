//! Metrics while training: JSON lines and TensorBoard events.
