//! What the published code does, in large rounds.

use crate::registry::{Entry, Kind};

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "vectorised",
    kind: Kind::Algorithm,
    about: "the same as released, thousands of sessions stepped together",
    source: "IL-Rec, arXiv 2510.13229, code at 2408c28, batched by us",
    faithful: false,
    needs: crate::published::NEEDS,
    preset: training::VECTORISED,
    fixed: "",
    small: include_str!("vectorised/small.toml"),
    readme: include_str!("vectorised/README.md"),
    code: &crate::published::CODE,
};
