//! What rules look back at: the recent items, and which of them the new one is near to.

use crate::{Kind, Leaving, Parameter, Parameters};
use mdp::{ExitReason, ItemIdx};

/// Which of the earlier items count as recent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many items.
    pub length: usize,
    /// Reproduces the published slice `sequence[t - length : t]`, whose start is negative in the first steps.
    pub published_slices: bool,
}

impl Window {
    /// As the parameters [`LENGTH`] and [`PUBLISHED_SLICES`] say.
    pub(crate) fn of_parameters(parameters: &Parameters) -> Self {
        Self {
            length: parameters.count(LENGTH.name),
            published_slices: parameters.flag(PUBLISHED_SLICES.name),
        }
    }

    /// The recent part of `shown`, oldest first.
    ///
    /// # Source
    /// The published slice counts a negative start from the end, so a window of 4 holds 1, 2, 1, 4 items at
    /// steps 1 to 4 (the environments of DORL and ROLeR).
    pub fn of<'a>(&self, shown: &'a [ItemIdx]) -> &'a [ItemIdx] {
        let n_shown = shown.len();
        let start = if self.published_slices && n_shown < self.length {
            (2 * n_shown).saturating_sub(self.length)
        } else {
            n_shown.saturating_sub(self.length)
        };
        &shown[start..]
    }
}

/// Leaving because the new item is near to recent ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearWindow {
    /// The recent items.
    pub window: Window,
    /// How many of them must be near.
    pub count: usize,
    /// Where near begins, in the units of the distance or similarity.
    pub threshold: f32,
    /// The spread of that limit in the same units; 0 for a limit that is always the same.
    pub softness: f32,
}

impl NearWindow {
    /// As the parameters say.
    pub(crate) fn of_parameters(parameters: &Parameters) -> Self {
        Self {
            window: Window::of_parameters(parameters),
            count: parameters.count(COUNT.name),
            threshold: parameters.number("threshold"),
            softness: parameters.number(SOFTNESS.name),
        }
    }

    /// Leaving for `reason` after these items. `margin` says by how much an item is on the near side of the threshold,
    /// `is_near` where near begins: above 0, or at it.
    ///
    /// # Source
    /// `docs/exit-rules.md`. A hard limit blames the newest item with which the count is reached, a soft one the nearest.
    pub(crate) fn leaving(
        &self,
        reason: ExitReason,
        shown: &[ItemIdx],
        margin: impl Fn(ItemIdx) -> f32,
        is_near: impl Fn(f32) -> bool,
    ) -> Option<Leaving> {
        let recent = self.window.of(shown).iter().rev().copied();
        let nth = self.count.saturating_sub(1);
        if self.softness == 0.0 {
            let matched = recent.filter(|&item| is_near(margin(item))).nth(nth)?;
            return Some(Leaving { reason, matched: Some(matched), probability: 1.0 });
        }
        let mut margins: Vec<(f32, ItemIdx)> = recent.map(|item| (margin(item), item)).collect();
        margins.sort_by(|a, b| b.0.total_cmp(&a.0));
        let &(margin, matched) = margins.get(nth)?;
        Some(Leaving { reason, matched: Some(matched), probability: logistic(margin / self.softness) })
    }
}

/// `1 / (1 + exp(-x))`.
pub(crate) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

const ANY: Parameter = Parameter {
    name: "",
    about: "",
    kind: Kind::Number,
    default: None,
    drawn: None,
    least: 0.0,
    most: f64::INFINITY,
    is_later: false,
};

/// The length of the window.
pub(crate) const LENGTH: Parameter = Parameter {
    name: "window.length",
    about: "how many of the last items count as recent",
    kind: Kind::Count,
    default: Some(4.0),
    least: 1.0,
    most: 1e3,
    ..ANY
};

/// The published slice.
pub(crate) const PUBLISHED_SLICES: Parameter = Parameter {
    name: "window.published_slices",
    about: "the published slice of the window, whose start is negative in the first steps",
    kind: Kind::Flag,
    default: Some(0.0),
    ..ANY
};

/// How many recent items it takes.
pub(crate) const COUNT: Parameter = Parameter {
    name: "count",
    about: "how many recent items it takes",
    kind: Kind::Count,
    default: Some(1.0),
    least: 1.0,
    most: 1e6,
    ..ANY
};

/// The same, two by default.
pub(crate) const TWO: Parameter = Parameter { default: Some(2.0), ..COUNT };

/// The distance below which items are near.
pub(crate) const DISTANCE: Parameter =
    Parameter { name: "threshold", about: "near is a distance below this, in rating units", ..ANY };

/// The similarity from which on texts are near.
pub(crate) const SIMILARITY: Parameter = Parameter {
    name: "threshold",
    about: "near is a cosine similarity of at least this",
    least: -1.0,
    most: 1.0,
    ..ANY
};

/// The reward below which users leave.
pub(crate) const BELOW: Parameter = Parameter {
    name: "low_reward.below",
    about: "a reward below this ends the session",
    default: Some(2.0),
    most: 6.0,
    ..ANY
};

/// Whether the first reward can end a session.
pub(crate) const ON_FIRST_STEP: Parameter = Parameter {
    name: "low_reward.on_first_step",
    about: "whether the first reward can do so already",
    kind: Kind::Flag,
    default: Some(1.0),
    ..ANY
};

/// How much chance there is in leaving by content.
pub(crate) const SOFTNESS: Parameter = Parameter {
    name: "softness",
    about: "spread of the limit at which content ends a session, in units of the limit; 0 for none",
    default: Some(0.0),
    is_later: true,
    ..ANY
};
