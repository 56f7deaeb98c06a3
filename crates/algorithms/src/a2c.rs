//! Actor-critic alone: no demonstrations and no learned hazard of leaving.

use crate::il_rec::ACTING;
use crate::registry::{Entry, Kind};
use learning::{Demonstrations, Needs, Schedule};

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "a2c",
    kind: Kind::Algorithm,
    about: "advantage actor-critic from own sessions alone: no demonstrations, no learned hazard of leaving",
    source: "Mnih et al. 2016 (A2C), advantages by Schulman et al. 2016",
    needs: Needs { schedule: Schedule::OnPolicy, demonstrations: Demonstrations::Ignored, asks: ACTING },
    fixed: include_str!("a2c/fixed.toml"),
    readme: include_str!("a2c/README.md"),
    ..crate::il_rec::ENTRY
};
