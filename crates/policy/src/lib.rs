//! The published policy and critic networks.
