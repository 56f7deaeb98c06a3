//! Runs that were trained and judged, as the console compares them.

/// Where runs come from. Asked anew for every page, so that a run that ends meanwhile is there.
pub trait Runs: Send + Sync + std::fmt::Debug {
    /// All runs, in the order in which they are shown.
    fn read(&self) -> Vec<Run>;
}

/// One run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// What tells it from the others.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// How its policies were judged, one table for each rule by which users leave.
    pub tables: Vec<RunTable>,
    /// How its policies did on validation users while they learned.
    pub curves: Vec<RunCurve>,
}

/// The policies of a run under one rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunTable {
    /// The rule by which users leave.
    pub rule: String,
    /// One row for each policy.
    pub rows: Vec<RunRow>,
}

/// One judged policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunRow {
    /// Its name.
    pub policy: String,
    /// Whether it knew what no deployed policy knows.
    pub privileged: bool,
    /// Mean sum of rewards of a session.
    pub mean: f64,
    /// Where its 95 % interval begins and ends.
    pub interval: (f64, f64),
    /// Mean number of steps of a session.
    pub length: f64,
    /// Share of the catalogue that was shown.
    pub coverage: f64,
    /// How well its first ten meet what the same users really chose, where the log tells it.
    pub ndcg: Option<f64>,
    /// The ways in which sessions ended, in words, with how many did.
    pub ends: Vec<(String, usize)>,
}

/// One training run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunCurve {
    /// What was trained, with its seed.
    pub name: String,
    /// Environment steps and the mean reward of a validation session, in order of steps.
    pub points: Vec<(f64, f64)>,
}
