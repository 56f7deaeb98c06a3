//! The default learner: history-aware, hazard-aware.
