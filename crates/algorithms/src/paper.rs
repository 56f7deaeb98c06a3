//! The loop that the paper describes, which the published code does not have.

use crate::registry::{Entry, Kind};

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "paper",
    kind: Kind::Algorithm,
    about: "IL-Rec as the paper describes it: the discriminator trained throughout, and its reward used",
    source: "IL-Rec, arXiv 2510.13229, section by section where the code differs",
    faithful: true,
    needs: crate::published::NEEDS,
    preset: training::PAPER,
    fixed: "",
    small: include_str!("paper/small.toml"),
    readme: include_str!("paper/README.md"),
    code: &crate::published::CODE,
};
