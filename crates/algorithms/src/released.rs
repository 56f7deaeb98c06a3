//! What the published code does.

use crate::registry::{Entry, Kind};

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "released",
    kind: Kind::Algorithm,
    about: "IL-Rec as its published code has it: weighed imitation and actor-critic over user rows, one session after another",
    source: "IL-Rec, arXiv 2510.13229, code at 2408c28",
    faithful: true,
    needs: crate::published::NEEDS,
    preset: training::RELEASED,
    fixed: "",
    small: include_str!("released/small.toml"),
    readme: include_str!("released/README.md"),
    code: &crate::published::CODE,
};
