//! Worlds fitted to logs: one to train in, one to judge in.
