//! The network before it has learned anything.

use crate::registry::{Entry, Kind};
use learning::{Demonstrations, Hooks, Needs, Schedule};

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "untrained",
    kind: Kind::Control,
    about: "the network before it has learned anything, from neutral first weights: what training has to beat",
    source: "ours, a control",
    faithful: true,
    needs: Needs { schedule: Schedule::None, demonstrations: Demonstrations::Ignored, asks: Hooks::NONE },
    fixed: include_str!("untrained/fixed.toml"),
    readme: include_str!("untrained/README.md"),
    ..crate::il_rec::ENTRY
};
