//! The released IL-Rec environment: low reward also at the first step, or a near rating column. The published thresholds
//! are 15 (Amazon) and 50 (Steam).

use crate::window::{BELOW, COUNT, DISTANCE, LENGTH, ON_FIRST_STEP, PUBLISHED_SLICES, SOFTNESS};
use crate::{DistanceRule, Feature, RuleEntry};

pub(crate) const ENTRY: RuleEntry = RuleEntry {
    name: "ilrec",
    about: "the published rule: a user leaves after a low rating, or when the new item is too near to a recent one by \
            the ratings that everybody gives them",
    source: "IL-Rec, released code (docs/spec/released-code.md#environment)",
    needs: &[Feature::Distances],
    parameters: &[LENGTH, PUBLISHED_SLICES, COUNT, DISTANCE, BELOW, ON_FIRST_STEP, SOFTNESS],
    build: DistanceRule::build,
    calibrate: Some(DistanceRule::CALIBRATION),
};
