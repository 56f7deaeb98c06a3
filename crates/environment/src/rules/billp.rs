//! BiLLP's environment: the first recommendation never ends the session.

use crate::window::{BELOW, COUNT, DISTANCE, LENGTH, ON_FIRST_STEP, PUBLISHED_SLICES, SOFTNESS};
use crate::{DistanceRule, Feature, Parameter, RuleEntry};

const NOT_ON_FIRST_STEP: Parameter = Parameter { default: Some(0.0), ..ON_FIRST_STEP };

pub(crate) const ENTRY: RuleEntry = RuleEntry {
    name: "billp",
    about: "BiLLP's rule: as the published one, but the first item never ends a session",
    source: "BiLLP, released code",
    needs: &[Feature::Distances],
    parameters: &[LENGTH, PUBLISHED_SLICES, COUNT, DISTANCE, BELOW, NOT_ON_FIRST_STEP, SOFTNESS],
    build: DistanceRule::build,
    calibrate: Some(DistanceRule::CALIBRATION),
};
