//! What remains of IL-Rec when its actor learns nothing: greedy on predicted reward and learned staying.

use crate::registry::{Entry, Kind};

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "planner",
    kind: Kind::Control,
    about: "il-rec with a frozen actor: greedy on predicted reward and learned staying, weighed by hand",
    source: "ours, a control",
    fixed: include_str!("planner/fixed.toml"),
    readme: include_str!("planner/README.md"),
    ..crate::il_rec::ENTRY
};
