//! Ratings of any source on the one scale the rest of the system knows: 1 (worst) to 5 (best).

mod values;

pub(crate) use values::Values;

use crate::Problem;
use crate::input::names::RatingKind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The best rating of the common scale.
pub(crate) const BEST: f32 = 5.0;
const WORST: f32 = 1.0;

/// What the user says about the source's ratings. As text: `auto`, `counts`, `positive`, or `LO..HI`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ScaleChoice {
    /// Guess from the column's name and the values; the guess is a counted warning unless the range is exact.
    #[default]
    Auto,
    /// Ratings from `lo` to `hi`; a value outside is an error.
    Linear {
        /// The worst rating.
        lo: f32,
        /// The best rating.
        hi: f32,
    },
    /// Unbounded amounts, such as hours or listens.
    Counts,
    /// Every row is a positive signal, whatever a rating column says.
    Positive,
}

/// How one source's ratings were mapped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RatingScale {
    /// `1 + 4 (x - lo) / (hi - lo)`.
    Linear {
        /// What became 1.
        lo: f32,
        /// What became 5.
        hi: f32,
        /// Whether the user or the format declared it; else it was guessed from the values.
        declared: bool,
    },
    /// `1 + 4 q`, where `q` is the mid-rank of log(1 + x) among all rows read from the source, from 0 to 1.
    /// The logarithm is named because amounts are compared on it; being monotone, it does not change a rank.
    CountQuantile,
    /// Every row became 5.
    PositiveOnly,
}

/// Ranges that rating scales have, narrowest first; the first that holds all values is the guess.
const KNOWN: [(f32, f32); 8] =
    [(1.0, 5.0), (0.0, 1.0), (0.5, 5.0), (0.0, 5.0), (1.0, 10.0), (0.0, 10.0), (-10.0, 10.0), (0.0, 100.0)];

/// Decides the scale of one source from what was chosen, what the column is called and what it holds.
pub(crate) fn decide(choice: ScaleChoice, kind: RatingKind, values: Option<Values>) -> RatingScale {
    match (choice, values) {
        (ScaleChoice::Linear { lo, hi }, _) => RatingScale::Linear { lo, hi, declared: true },
        (ScaleChoice::Counts, _) => RatingScale::CountQuantile,
        (ScaleChoice::Positive, _) | (ScaleChoice::Auto, None) => RatingScale::PositiveOnly,
        (ScaleChoice::Auto, Some(_)) if kind == RatingKind::Amount => RatingScale::CountQuantile,
        (ScaleChoice::Auto, Some(Values { lo, hi, .. })) => guess(kind, lo, hi),
    }
}

fn guess(kind: RatingKind, lo: f32, hi: f32) -> RatingScale {
    if kind == RatingKind::Truth && 0.0 <= lo && hi <= 1.0 {
        return RatingScale::Linear { lo: 0.0, hi: 1.0, declared: false };
    }
    if lo >= hi {
        return RatingScale::PositiveOnly;
    }
    let known = KNOWN.iter().find(|known| known.0 <= lo && hi <= known.1);
    match known {
        Some(&(lo, hi)) => RatingScale::Linear { lo, hi, declared: false },
        None if lo >= 0.0 => RatingScale::CountQuantile,
        None => RatingScale::Linear { lo, hi, declared: false },
    }
}

/// Maps raw ratings in place onto 1 to 5.
pub(crate) fn apply(scale: RatingScale, raw: &mut [f32]) {
    match scale {
        RatingScale::Linear { lo, hi, .. } => {
            let step = (BEST - WORST) / (hi - lo);
            raw.iter_mut().for_each(|x| *x = (WORST + (*x - lo) * step).clamp(WORST, BEST));
        }
        RatingScale::PositiveOnly => raw.fill(BEST),
        RatingScale::CountQuantile => {
            let mut sorted = raw.to_vec();
            sorted.sort_unstable_by(f32::total_cmp);
            raw.iter_mut().for_each(|x| *x = WORST + (BEST - WORST) * mid_rank(&sorted, *x));
        }
    }
}

/// The share of values below `x` plus half the share of values equal to it.
fn mid_rank(sorted: &[f32], x: f32) -> f32 {
    let below = sorted.partition_point(|&y| y < x);
    let not_above = sorted.partition_point(|&y| y <= x);
    ((below + not_above) as f64 / (2 * sorted.len()) as f64) as f32
}

impl FromStr for ScaleChoice {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let bad = || Problem::Option(format!("`{text}` is not a scale: auto, counts, positive or LO..HI"));
        match text {
            "auto" => Ok(Self::Auto),
            "counts" => Ok(Self::Counts),
            "positive" => Ok(Self::Positive),
            _ => {
                let (lo, hi) = text.split_once("..").ok_or_else(bad)?;
                let lo: f32 = lo.trim().parse().map_err(|_| bad())?;
                let hi: f32 = hi.trim().parse().map_err(|_| bad())?;
                let is_range = lo.is_finite() && hi.is_finite() && lo < hi;
                is_range.then_some(Self::Linear { lo, hi }).ok_or_else(bad)
            }
        }
    }
}

impl fmt::Display for ScaleChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => write!(f, "auto"),
            Self::Counts => write!(f, "counts"),
            Self::Positive => write!(f, "positive"),
            Self::Linear { lo, hi } => write!(f, "{lo}..{hi}"),
        }
    }
}
