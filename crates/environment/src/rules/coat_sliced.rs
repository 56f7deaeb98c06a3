//! The same as published: the slice of the window starts at a negative index in the first steps, and is lenient there.

use super::coat;
use crate::RuleEntry;
use crate::window::{COUNT, PUBLISHED_SLICES, SOFTNESS};
use crate::{DistanceRule, Feature, Parameter};

const SLICED: Parameter = Parameter { default: Some(1.0), ..PUBLISHED_SLICES };

pub(crate) const ENTRY: RuleEntry = RuleEntry {
    name: "coat-sliced",
    about: "the same with the published slice of the window, which holds fewer items than were shown at steps 4 to 6",
    source: "EasyRL4Rec, CoatEnv",
    needs: &[Feature::Distances],
    parameters: &[coat::SEVEN, SLICED, COUNT, coat::SIX, SOFTNESS],
    build: DistanceRule::build_without_low_reward,
    calibrate: None,
};
