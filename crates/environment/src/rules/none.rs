//! Nobody leaves before the horizon.

use crate::{ExitModel, RuleEntry};
use std::sync::Arc;

pub(crate) const ENTRY: RuleEntry = RuleEntry {
    name: "none",
    about: "nobody leaves before the horizon",
    source: "a control",
    needs: &[],
    parameters: &[],
    build: |_| Arc::new(Stays),
    calibrate: None,
};

#[derive(Debug)]
struct Stays;

impl ExitModel for Stays {}
