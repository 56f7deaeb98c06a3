//! The rule of EasyRL4Rec's published experiments on Coat: a near rating column among the last seven, whatever was earned.

use crate::window::{COUNT, DISTANCE, LENGTH, PUBLISHED_SLICES, SOFTNESS};
use crate::{DistanceRule, Feature, Parameter, RuleEntry};

/// As in the commands that its authors publish (`num_leave_compute`, `leave_threshold`).
pub(super) const SEVEN: Parameter = Parameter { default: Some(7.0), ..LENGTH };
pub(super) const SIX: Parameter = Parameter { default: Some(6.0), ..DISTANCE };

pub(crate) const ENTRY: RuleEntry = RuleEntry {
    name: "coat",
    about: "EasyRL4Rec's rule for Coat: a user leaves when the new item is too near to one of the last seven by the ratings that \
            everybody gives them, or is one of them",
    source: "EasyRL4Rec, CoatEnv, with a window that holds the last seven items at every step",
    needs: &[Feature::Distances],
    parameters: &[SEVEN, PUBLISHED_SLICES, COUNT, SIX, SOFTNESS],
    build: DistanceRule::build_without_low_reward,
    calibrate: None,
};
