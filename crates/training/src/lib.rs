//! The presets `released` and `paper`.
